import type { CampaignAnswer } from "@shared/api/schema";
import { useCommon } from "@shared/i18n/common";
import { useWords } from "@shared/i18n/i18n";
import { useApi } from "@shared/session/context";
import { Moment, Money, PageHead } from "@shared/ui/bits";
import { LinkButton } from "@shared/ui/button";
import { PAGED, Pages } from "@shared/ui/pages";
import { Select } from "@shared/ui/select";
import { Empty } from "@shared/ui/states";
import { Table } from "@shared/ui/table";
import { useSearchParams } from "react-router";
import { CampaignBadge } from "../../parts/badges";
import { CampaignRef } from "../../parts/refs";
import { useParts } from "../../parts/texts";
import { useCan } from "../../rights";
import { useTexts } from "./texts";

const STATES = ["scheduled", "running", "paused", "ended"] as const;

export default function Campaigns() {
  const texts = useTexts();
  const parts = useParts();
  const can = useCan();
  const { campaignState } = useCommon();
  const [query, setQuery] = useSearchParams();
  const status = STATES.find((each) => each === query.get("state")) ?? null;
  const campaigns = useApi().useInfiniteQuery(
    "get",
    "/campaigns",
    { params: { query: { ...(status !== null && { status }) } } },
    PAGED,
  );
  return (
    <div className="stack">
      <PageHead title={texts.title} under={texts.under}>
        {can("put_campaign") && (
          <LinkButton look="primary" to="/campaigns/new">
            {texts.create}
          </LinkButton>
        )}
      </PageHead>
      <div className="filters">
        <Select
          label={texts.state}
          options={[
            { id: "all", label: parts.all },
            ...STATES.map((id) => ({ id, label: campaignState[id] })),
          ]}
          value={status ?? "all"}
          onChange={(next) => setQuery(next === "all" ? {} : { state: next })}
        />
      </div>
      <Pages query={campaigns} empty={<Empty title={texts.none}>{texts.noneHere}</Empty>}>
        {(items) => <CampaignsTable campaigns={items} />}
      </Pages>
    </div>
  );
}

function CampaignsTable({ campaigns }: { campaigns: readonly CampaignAnswer[] }) {
  const texts = useTexts();
  const { campaignKind } = useCommon();
  const { number } = useWords();
  return (
    <Table
      caption={texts.title}
      rows={campaigns}
      keyOf={(each) => each.campaign_id}
      columns={[
        { id: "id", title: texts.id, head: true, cell: (each) => <CampaignRef id={each.campaign_id} /> },
        { id: "name", title: texts.name, cell: (each) => each.name },
        { id: "kind", title: texts.kind, cell: (each) => campaignKind[each.kind] },
        { id: "state", title: texts.state, cell: (each) => <CampaignBadge state={each.state} /> },
        {
          id: "time",
          title: texts.time,
          cell: (each) => (
            <>
              <Moment at={each.starts_at} /> – <Moment at={each.ends_at} />
            </>
          ),
        },
        { id: "orders", title: texts.orders, end: true, cell: (each) => number(each.used.orders) },
        { id: "given", title: texts.given, end: true, cell: (each) => <Money fen={each.used.given_fen} /> },
      ]}
    />
  );
}
