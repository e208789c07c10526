import { asProblem } from "@shared/api/problem";
import type { RecordAnswer } from "@shared/api/schema";
import { now } from "@shared/clock";
import { useCommon } from "@shared/i18n/common";
import { createTexts, useWords } from "@shared/i18n/i18n";
import type { Form } from "@shared/i18n/language";
import { useApi } from "@shared/session/context";
import { dateAt } from "@shared/time";
import { Badge, Card, Facts, Id, Moment, PageHead } from "@shared/ui/bits";
import { Button } from "@shared/ui/button";
import { Dialog } from "@shared/ui/dialog";
import { Segments, TextField } from "@shared/ui/fields";
import { PAGED, Pages } from "@shared/ui/pages";
import { Select } from "@shared/ui/select";
import { Answered, Empty } from "@shared/ui/states";
import { Table } from "@shared/ui/table";
import { type ReactNode, useState } from "react";
import { useSearchParams } from "react-router";
import { CampaignRef, CaseRef, MemberRef, OperatorRef, OrderRef, SkuRef, TemplateRef } from "../parts/refs";
import { Export, type ReportColumn } from "../parts/report";
import { useParts } from "../parts/texts";
import { useOperation, writes } from "./audit-operations";

const zh = {
  title: "审计",
  under: "谁在什么时候对什么做了什么；没有人能更改",
  by: "按",
  bys: {
    date: "日期",
    operator_name: "操作人（用户名）",
    operator: "操作人编号",
    id: "操作的编号",
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
  sought: { operator_name: "用户名", id: "请求编号或审计记录编号", other: "编号" },
  idNote: "操作完成后显示的编号，如 move-…、adjust-…、run-…、aud_…；付款请按“付款”查",
  kinds: "显示",
  kindsOf: { all: "全部", writes: "仅写入" },
  writesOf: (shown: string, read: string) => `已读取的 ${read} 条中有 ${shown} 条写入`,
  noWrites: "已读取的记录里没有写入",
  noWritesHere: "继续加载更多，或改看全部。",
  none: "没有记录",
  noneHere: "换一天或换一个编号再看。刚刚的操作要过几秒才能查到。",
  begin: "输入编号",
  beginHere: "输入用户名、对象的编号或操作的编号，列出有关的记录。",
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
    operator_name: "Who did it (user name)",
    operator: "Who did it (id)",
    id: "Id of a write",
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
  sought: { operator_name: "User name", id: "Id of a request, or of a record", other: "Id" },
  idNote: "As it was shown after the write: move-…, adjust-…, run-…, aud_…; payments are found as such",
  kinds: "Shown",
  kindsOf: { all: "All", writes: "Writes only" },
  writesOf: (shown, read) => `${shown} writes among the ${read} records read`,
  noWrites: "No write among the records read",
  noWritesHere: "Read more, or have all shown.",
  none: "There is no record",
  noneHere: "Choose another day or id. What was done a moment ago takes some seconds.",
  begin: "Say whose or of what",
  beginHere: "With a user name, or the id of what it was about or of the write, the records stand here.",
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
  "operator_name",
  "operator",
  "id",
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
const RECORD_ID = /^aud_[0-9a-f]{32}$/;
const RECORDS_A_PAGE = 100;

export default function Audit() {
  const texts = useTexts();
  const parts = useParts();
  const { zone } = useWords();
  const [query, setQuery] = useSearchParams();
  const by = BYS.find((each) => each === query.get("by")) ?? "date";
  const value = query.get("value") ?? (by === "date" ? dateAt(now(), zone) : "");
  const [typed, setTyped] = useState(by === "date" ? "" : value);
  // A link of a record leads to this page while it is shown: what stands in the field is what is listed.
  const [former, setFormer] = useState(value);
  if (former !== value) {
    setFormer(value);
    if (by !== "date") setTyped(value);
  }
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
              <TextField
                label={by === "operator_name" || by === "id" ? texts.sought[by] : texts.sought.other}
                {...(by === "id" && { note: texts.idNote })}
                value={typed}
                onChange={setTyped}
                maxLength={255}
              />
              <div className="beneath-label">
                <Button type="submit">{parts.find}</Button>
              </div>
            </>
          )}
        </form>
      </search>
      {value === "" ? (
        <Empty title={texts.begin}>{texts.beginHere}</Empty>
      ) : by === "id" && RECORD_ID.test(value) ? (
        <One key={value} id={value} />
      ) : (
        <Records key={`${by} ${value}`} by={by} value={value} />
      )}
    </div>
  );
}

/** The one record of an id, where there is one. */
function One({ id }: { id: string }) {
  const texts = useTexts();
  const record = useApi().useQuery("get", "/audit/{audit_id}", { params: { path: { audit_id: id } } });
  if (record.error !== null && asProblem(record.error).code === "audit_record_not_found")
    return <Empty title={texts.none}>{texts.noneHere}</Empty>;
  return (
    <Card title={texts.record}>
      <Answered query={record} tall>
        {(found) => <Details record={found} />}
      </Answered>
    </Card>
  );
}

function Records({ by, value }: { by: By; value: string }) {
  const texts = useTexts();
  const { number } = useWords();
  const [open, setOpen] = useState<RecordAnswer | null>(null);
  const [kinds, setKinds] = useState<"all" | "writes">("all");
  const records = useApi().useInfiniteQuery(
    "get",
    "/audit",
    { params: { query: { [by === "id" ? "request_key" : by]: value, limit: RECORDS_A_PAGE } } },
    PAGED,
  );
  const columns = useColumns(setOpen);
  return (
    <>
      <Pages query={records} empty={<Empty title={texts.none}>{texts.noneHere}</Empty>}>
        {(items) => {
          const rows = kinds === "all" ? items : items.filter((each) => writes(each.operation));
          return (
            <>
              <div className="row">
                <Segments
                  label={texts.kinds}
                  options={(["all", "writes"] as const).map((id) => ({ id, label: texts.kindsOf[id] }))}
                  value={kinds}
                  onChange={setKinds}
                />
                {kinds === "writes" && (
                  <span className="soft small-text" role="status">
                    {texts.writesOf(number(rows.length), number(items.length))}
                  </span>
                )}
              </div>
              {rows.length === 0 ? (
                <Empty title={texts.noWrites}>{texts.noWritesHere}</Empty>
              ) : (
                <>
                  <Table
                    caption={texts.title}
                    rows={rows}
                    keyOf={(each) => each.audit_id}
                    columns={columns}
                  />
                  <Export
                    report="audit"
                    filters={
                      by === "date"
                        ? { from: value, until: value }
                        : { by: by === "id" ? "request_key" : by, value }
                    }
                    caption={texts.title}
                    file={`audit-${by}-${value}`}
                    columns={columns}
                    rows={rows}
                  />
                </>
              )}
            </>
          );
        }}
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
  const operation = useOperation();
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
      cell: (each) => operation(each.operation),
      raw: (each) => each.operation,
    },
    { id: "about", title: texts.about, cell: (each) => <About record={each} />, raw: aboutOf },
    {
      id: "operator",
      title: texts.operator,
      cell: (each) => (
        <span className="row">
          <OperatorRef id={each.operator} name={each.operator_name} />
          {each.service && <Badge>{texts.service}</Badge>}
        </span>
      ),
      raw: (each) => (each.operator_name === null ? each.operator : `${each.operator_name} ${each.operator}`),
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
  const operation = useOperation();
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
        [texts.operator, <OperatorRef key="n" id={record.operator} name={record.operator_name} />],
        [
          texts.bys.operator,
          <Id key="o" of={texts.bys.operator}>
            {record.operator}
          </Id>,
        ],
        [texts.roles, none(record.roles)],
        [texts.operation, operation(record.operation)],
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
