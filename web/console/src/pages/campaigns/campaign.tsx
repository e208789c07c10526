import type { CampaignAnswer, CampaignRequest } from "@shared/api/schema";
import { now } from "@shared/clock";
import { useCommon } from "@shared/i18n/common";
import { useWords } from "@shared/i18n/i18n";
import { useApi } from "@shared/session/context";
import { rfc3339 } from "@shared/time";
import { Card, Facts, Id, Meter, Moment, Notice, PageHead } from "@shared/ui/bits";
import { Button, LinkButton } from "@shared/ui/button";
import { Answered } from "@shared/ui/states";
import { useQueryClient } from "@tanstack/react-query";
import { useRef, useState } from "react";
import { Link, useParams } from "react-router";
import { Act, Will } from "../../parts/act";
import { CampaignBadge } from "../../parts/badges";
import { Figure } from "../../parts/figure";
import { guard, useRefused } from "../../parts/guarded";
import { Chart } from "../../parts/lazy-chart";
import { NAMED_MAX, useKnown } from "../../parts/product-fields";
import { SkuRef } from "../../parts/refs";
import { useCan } from "../../rights";
import { calledOff, namedIn, putAgain, unitsOf } from "./form";
import { useSaid } from "./said";
import { useTexts } from "./texts";

export default function CampaignPage() {
  const { campaignId = "" } = useParams();
  const texts = useTexts();
  const campaign = useApi().useQuery("get", "/campaigns/{campaign_id}", {
    params: { path: { campaign_id: campaignId } },
  });
  return (
    <div className="stack">
      <PageHead title={campaign.data?.name ?? texts.campaign} under={<Id of={texts.id}>{campaignId}</Id>}>
        {campaign.data !== undefined && <Actions campaign={campaign.data} />}
      </PageHead>
      <Answered query={campaign} tall>
        {(found) => (
          <div className="beside">
            <Figures campaign={found} />
            <About campaign={found} />
          </div>
        )}
      </Answered>
    </div>
  );
}

type Change = "start" | "pause" | "end" | "call";

function Actions({ campaign }: { campaign: CampaignAnswer }) {
  const texts = useTexts();
  const can = useCan();
  const [open, setOpen] = useState<Change | null>(null);
  const turns: Change = campaign.status === "paused" ? "start" : "pause";
  const begun = Date.parse(campaign.starts_at) < now().getTime();
  if (!can("put_campaign")) return null;
  if (campaign.state === "ended" && open === null) return null;
  return (
    <>
      <Button look={turns === "start" ? "primary" : "plain"} onPress={() => setOpen(turns)}>
        {texts[turns]}
      </Button>
      <LinkButton to={`/campaigns/${encodeURIComponent(campaign.campaign_id)}/edit`}>{texts.edit}</LinkButton>
      <Button look="danger" onPress={() => setOpen(begun ? "end" : "call")}>
        {begun ? texts.end : texts.call}
      </Button>
      {open !== null && <ChangeIt campaign={campaign} change={open} onClose={() => setOpen(null)} />}
    </>
  );
}

function ChangeIt({
  campaign,
  change,
  onClose,
}: {
  campaign: CampaignAnswer;
  change: Change;
  onClose: () => void;
}) {
  const texts = useTexts();
  const { zone } = useWords();
  // The end is the moment of the first try: tried again, it is the same request (R1).
  const request = useRef<CampaignRequest | null>(null);
  const put = useApi().useMutation("put", "/campaigns/{campaign_id}");
  const will = {
    start: texts.startWill,
    pause: texts.pauseWill,
    end: texts.endWill,
    call: texts.callWill,
  };
  const did = { start: texts.startDid, pause: texts.pauseDid, end: texts.endDid, call: texts.callDid };
  const cache = useQueryClient();
  const refused = useRefused(campaign.campaign_id, "", () => {
    void cache.invalidateQueries();
    onClose();
  });
  return (
    <Act
      title={`${texts[change]} · ${campaign.name}`}
      action={texts[change]}
      danger={change === "end" || change === "call"}
      refused={refused}
      onClose={onClose}
      before={
        <Will tone={change === "end" || change === "call" ? "warn" : "plain"}>
          <p>{will[change]}</p>
        </Will>
      }
      write={() => {
        request.current ??= putAgain(
          campaign,
          zone,
          change === "end"
            ? { ends_at: rfc3339(now(), zone) }
            : change === "call"
              ? calledOff(now(), zone)
              : { status: change === "start" ? "active" : "paused" },
        );
        return put.mutateAsync({
          params: { path: { campaign_id: campaign.campaign_id }, header: guard(campaign) },
          body: request.current,
        });
      }}
      after={(answer) => <Became campaign={answer} said={did[change]} />}
    />
  );
}

/** What a campaign has become, and by what it is found again. */
export function Became({ campaign, said }: { campaign: CampaignAnswer; said: string }) {
  const texts = useTexts();
  const { number } = useWords();
  return (
    <>
      <p>{said}</p>
      {campaign.warning != null && (
        <Notice tone="warn" head={texts.warning}>
          <p>{campaign.warning}</p>
        </Notice>
      )}
      <Facts
        facts={[
          [
            texts.id,
            <Id key="i" of={texts.id}>
              {campaign.campaign_id}
            </Id>,
          ],
          [texts.version, number(campaign.version)],
          [texts.state, <CampaignBadge key="s" state={campaign.state} />],
        ]}
      />
    </>
  );
}

function About({ campaign }: { campaign: CampaignAnswer }) {
  const texts = useTexts();
  const said = useSaid();
  const can = useCan();
  const { number } = useWords();
  return (
    <Card title={texts.about} aside={<CampaignBadge state={campaign.state} />}>
      <Facts
        facts={[
          ...said(campaign).map(
            ([name, value]) =>
              [
                name,
                <span key={name} className="words">
                  {value}
                </span>,
              ] as const,
          ),
          [texts.version, number(campaign.version)],
        ]}
      />
      <Named skus={namedIn(campaign)} />
      {can("get_audit") && (
        <p>
          <Link to={`/audit?campaign_id=${encodeURIComponent(campaign.campaign_id)}`}>{texts.history}</Link>
        </p>
      )}
    </Card>
  );
}

/** The products that a campaign names, each leading to its page. */
function Named({ skus }: { skus: readonly string[] }) {
  const texts = useTexts();
  if (skus.length === 0) return null;
  return (
    <section className="stack tight">
      <h3>{texts.products}</h3>
      <ul className="stack tight">
        {skus.map((sku, index) => (
          <li key={sku}>
            <NamedProduct sku={sku} named={index < NAMED_MAX} />
          </li>
        ))}
      </ul>
    </section>
  );
}

function NamedProduct({ sku, named }: { sku: string; named: boolean }) {
  const { product } = useKnown(sku, named);
  return (
    <>
      {product?.name} <SkuRef id={sku} />
    </>
  );
}

function Figures({ campaign }: { campaign: CampaignAnswer }) {
  const texts = useTexts();
  const { number, yuan } = useWords();
  const { campaignKind } = useCommon();
  const { used, limits } = campaign;
  return (
    <Card title={texts.figures} aside={<Between campaign={campaign} />}>
      <div className="figures">
        <Figure name={texts.orders} value={number(used.orders)} />
        <Figure name={texts.members} value={number(used.members)} />
        <Figure name={texts.unitsSold} value={number(used.units)} />
        <Figure name={texts.given} value={yuan(used.given_fen)} />
      </div>
      {campaign.units_left != null && (
        <Facts
          facts={Object.entries(campaign.units_left).map(
            ([sku, left]) =>
              [
                <span key={sku}>
                  {texts.unitsLeft} <SkuRef id={sku} />
                </span>,
                texts.usedOf(number(left), number(unitsOf(campaign, sku))),
              ] as const,
          )}
        />
      )}
      {limits.orders !== null && (
        <Meter
          label={texts.limitOrders}
          value={used.orders}
          max={limits.orders}
          said={texts.usedOf(number(used.orders), number(limits.orders))}
        />
      )}
      {limits.budget_fen !== null && (
        <Meter
          label={texts.limitBudget}
          value={used.given_fen}
          max={limits.budget_fen}
          said={texts.usedOf(yuan(used.given_fen), yuan(limits.budget_fen))}
        />
      )}
      {used.orders === 0 && used.refunded_fen === 0 ? (
        <p className="soft">{texts.nothingYet}</p>
      ) : (
        <Chart
          title={`${texts.money} · ${campaignKind[campaign.kind]}`}
          series={[{ id: "fen", label: texts.money }]}
          points={[
            { label: texts.goodsFen, values: { fen: used.goods_fen } },
            { label: texts.given, values: { fen: used.given_fen } },
            { label: texts.refunded, values: { fen: used.refunded_fen } },
          ]}
          format={yuan}
        />
      )}
    </Card>
  );
}

function Between({ campaign }: { campaign: CampaignAnswer }) {
  return (
    <span className="soft small-text">
      <Moment at={campaign.starts_at} /> – <Moment at={campaign.ends_at} />
    </span>
  );
}
