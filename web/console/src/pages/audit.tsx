import type { RecordAnswer } from "@shared/api/schema";
import { now } from "@shared/clock";
import { useCommon } from "@shared/i18n/common";
import { createTexts, useWords } from "@shared/i18n/i18n";
import type { Form } from "@shared/i18n/language";
import { useApi } from "@shared/session/context";
import { dateAt } from "@shared/time";
import { Badge, Facts, Id, Moment, PageHead } from "@shared/ui/bits";
import { Button } from "@shared/ui/button";
import { Dialog } from "@shared/ui/dialog";
import { TextField } from "@shared/ui/fields";
import { PAGED, Pages } from "@shared/ui/pages";
import { Select } from "@shared/ui/select";
import { Empty } from "@shared/ui/states";
import { Table } from "@shared/ui/table";
import { type ReactNode, useState } from "react";
import { useSearchParams } from "react-router";
import { CampaignRef, CaseRef, MemberRef, OrderRef, SkuRef, TemplateRef } from "../parts/refs";
import { Export, type ReportColumn } from "../parts/report";
import { useParts } from "../parts/texts";

const zh = {
  title: "审计",
  under: "谁在什么时候对什么做了什么；没有人能更改",
  by: "按",
  bys: {
    date: "日期",
    operator: "操作人",
    member_id: "会员",
    order_id: "订单",
    sku: "商品",
    campaign_id: "活动",
    template_id: "券模板",
    case_id: "售后单",
    payment_id: "付款",
    refund_id: "退款",
    job: "任务",
    report: "报表",
  },
  sought: "编号",
  none: "没有记录",
  noneHere: "换一天或换一个编号再看。刚刚的操作要过几秒才能查到。",
  begin: "输入编号",
  beginHere: "输入操作人或对象的编号，列出有关的记录。",
  record: "记录",
  operator: "操作人",
  service: "服务账号",
  roles: "角色",
  operation: "操作",
  route: "接口",
  about: "对象",
  key: "请求编号",
  fields: "提交的字段",
  values: "内容",
  searchedBy: "查找方式",
  shown: "查到的会员",
  address: "来自",
  addressGone: "已过 90 天，不再保留",
  request: "网关请求",
  details: "详情",
};

const en: Form<typeof zh> = {
  title: "Audit",
  under: "Who did what, when, to what; nobody can change it",
  by: "By",
  bys: {
    date: "Day",
    operator: "Who did it",
    member_id: "Member",
    order_id: "Order",
    sku: "Product",
    campaign_id: "Campaign",
    template_id: "Template",
    case_id: "Case",
    payment_id: "Payment",
    refund_id: "Refund",
    job: "Job",
    report: "Report",
  },
  sought: "Id",
  none: "There is no record",
  noneHere: "Choose another day or id. What was done a moment ago takes some seconds.",
  begin: "Say whose or of what",
  beginHere: "With the id of who did it, or of what it was about, the records stand here.",
  record: "Record",
  operator: "Who did it",
  service: "Service",
  roles: "Roles",
  operation: "Operation",
  route: "Route",
  about: "About",
  key: "Request's id",
  fields: "Fields sent",
  values: "Contents",
  searchedBy: "Searched by",
  shown: "Members shown",
  address: "From",
  addressGone: "Kept for 90 days",
  request: "Gateway's request",
  details: "Details",
};

const useTexts = createTexts(zh, en);
const BYS = [
  "date",
  "operator",
  "member_id",
  "order_id",
  "sku",
  "campaign_id",
  "template_id",
  "case_id",
  "payment_id",
  "refund_id",
  "job",
  "report",
] as const;
type By = (typeof BYS)[number];

export default function Audit() {
  const texts = useTexts();
  const parts = useParts();
  const { zone } = useWords();
  const [query, setQuery] = useSearchParams();
  const by = BYS.find((each) => each === query.get("by")) ?? "date";
  const value = query.get("value") ?? (by === "date" ? dateAt(now(), zone) : "");
  const [typed, setTyped] = useState(by === "date" ? "" : value);
  return (
    <div className="stack">
      <PageHead title={texts.title} under={texts.under} />
      <search>
        <form
          className="filters"
          onSubmit={(event) => {
            event.preventDefault();
            if (by !== "date") setQuery({ by, value: typed.trim() });
          }}
        >
          <Select
            label={texts.by}
            options={BYS.map((id) => ({ id, label: texts.bys[id] }))}
            value={by}
            onChange={(next) => {
              setTyped("");
              setQuery(next === "date" ? {} : { by: next });
            }}
          />
          {by === "date" ? (
            <TextField
              label={texts.bys.date}
              type="date"
              value={value}
              onChange={(next) => next !== "" && setQuery({ by: "date", value: next })}
            />
          ) : (
            <>
              <TextField label={texts.sought} value={typed} onChange={setTyped} maxLength={255} />
              <div className="beneath-label">
                <Button type="submit">{parts.find}</Button>
              </div>
            </>
          )}
        </form>
      </search>
      {value === "" ? (
        <Empty title={texts.begin}>{texts.beginHere}</Empty>
      ) : (
        <Records key={`${by} ${value}`} by={by} value={value} />
      )}
    </div>
  );
}

function Records({ by, value }: { by: By; value: string }) {
  const texts = useTexts();
  const [open, setOpen] = useState<RecordAnswer | null>(null);
  const records = useApi().useInfiniteQuery("get", "/audit", { params: { query: { [by]: value } } }, PAGED);
  const columns = useColumns(setOpen);
  return (
    <>
      <Pages query={records} empty={<Empty title={texts.none}>{texts.noneHere}</Empty>}>
        {(items) => (
          <>
            <Table caption={texts.title} rows={items} keyOf={(each) => each.audit_id} columns={columns} />
            <Export
              report="audit"
              filters={by === "date" ? { from: value, until: value } : { by, value }}
              caption={texts.title}
              file={`audit-${by}-${value}`}
              columns={columns}
              rows={items}
            />
          </>
        )}
      </Pages>
      <Dialog title={texts.record} open={open !== null} onClose={() => setOpen(null)} wide>
        {open !== null && <Details record={open} />}
      </Dialog>
    </>
  );
}

function useColumns(onOpen: (record: RecordAnswer) => void): ReportColumn<RecordAnswer>[] {
  const texts = useTexts();
  const parts = useParts();
  return [
    {
      id: "at",
      title: parts.at,
      head: true,
      cell: (each) => <Moment at={each.at} />,
      raw: (each) => each.at,
    },
    {
      id: "operation",
      title: texts.operation,
      cell: (each) => <span className="code">{each.operation}</span>,
      raw: (each) => each.operation,
    },
    { id: "about", title: texts.about, cell: (each) => <About record={each} />, raw: aboutOf },
    {
      id: "operator",
      title: texts.operator,
      cell: (each) => (
        <span className="row">
          <span className="code">{each.operator}</span>
          {each.service && <Badge>{texts.service}</Badge>}
        </span>
      ),
      raw: (each) => each.operator,
    },
    {
      id: "key",
      title: texts.key,
      cell: (each) => <span className="code">{each.request_key ?? "—"}</span>,
      raw: (each) => each.request_key ?? "",
    },
    {
      id: "id",
      title: texts.record,
      cell: (each) => (
        <Button small aria-label={`${texts.details} ${each.audit_id}`} onPress={() => onOpen(each)}>
          {texts.details}
        </Button>
      ),
      raw: (each) => each.audit_id,
    },
  ];
}

function aboutOf(record: RecordAnswer): string {
  return Object.values(record.subjects).join(" ");
}

const REFS: Record<string, (props: { id: string }) => ReactNode> = {
  member_id: MemberRef,
  order_id: OrderRef,
  sku: SkuRef,
  campaign_id: CampaignRef,
  template_id: TemplateRef,
  case_id: CaseRef,
};

function About({ record }: { record: RecordAnswer }) {
  return (
    <>
      {Object.entries(record.subjects).map(([name, id]) => {
        const Ref = REFS[name];
        return (
          <div key={name}>{Ref === undefined ? <span className="code">{id}</span> : <Ref id={id} />}</div>
        );
      })}
    </>
  );
}

function Details({ record }: { record: RecordAnswer }) {
  const texts = useTexts();
  const parts = useParts();
  const { ui } = useCommon();
  const { exactly } = useWords();
  const none = (list: readonly string[]) => (list.length === 0 ? ui.none : list.join(", "));
  return (
    <Facts
      facts={[
        [
          texts.record,
          <Id key="a" of={texts.record}>
            {record.audit_id}
          </Id>,
        ],
        [parts.at, exactly(record.at)],
        [
          texts.operator,
          <Id key="o" of={texts.operator}>
            {record.operator}
          </Id>,
        ],
        [texts.roles, none(record.roles)],
        [
          texts.route,
          <span key="r" className="code">
            {record.route}
          </span>,
        ],
        [texts.about, <About key="s" record={record} />],
        record.request_key === null
          ? null
          : [
              texts.key,
              <Id key="k" of={texts.key}>
                {record.request_key}
              </Id>,
            ],
        [texts.fields, none(record.fields)],
        [
          texts.values,
          <span key="v" className="code words">
            {JSON.stringify(record.values, null, 2)}
          </span>,
        ],
        record.searched_by === null ? null : [texts.searchedBy, record.searched_by],
        record.shown.length === 0 ? null : [texts.shown, none(record.shown)],
        [texts.address, record.address ?? texts.addressGone],
        [
          texts.request,
          <Id key="g" of={texts.request}>
            {record.request_id}
          </Id>,
        ],
      ]}
    />
  );
}
