/** What comes back of an order when units leave it, to the fen and why, as the API says before they do (O5, K1). */
import { asProblem } from "@shared/api/problem";
import type { OrderAnswer, RefundPartAnswer } from "@shared/api/schema";
import { useWords } from "@shared/i18n/i18n";
import { useProblemText } from "@shared/i18n/problem-words";
import { useApi } from "@shared/session/context";
import { Facts, Money } from "@shared/ui/bits";
import { Loading } from "@shared/ui/states";
import type { ReactNode } from "react";
import { allOf, type Units, whole } from "./kept";
import { CampaignRef, ProductName } from "./refs";
import { useParts } from "./texts";
import { linesOf } from "./units";

/**
 * What would come back of these units, and what that is made of: nothing is asked where there are none. Who writes
 * holds it from before on, so that it can still say why after the units have left.
 */
export function useBack(order: OrderAnswer, leaving: Units) {
  const lines = linesOf(leaving);
  const known = order.status === "received" || order.status === "paid" ? null : whole(order, leaving);
  const asked = useApi().useQuery(
    "post",
    "/orders/{order_id}/returns/preview",
    { params: { path: { order_id: order.order_id } }, body: { lines } },
    {
      enabled: known === null && lines.length > 0 && order.paid_at !== null,
      staleTime: 0,
      refetchOnWindowFocus: false,
    },
  );
  return { order, lines, known, asked };
}

/** The amount alone, in a line. */
export function BackInLine({ order, leaving }: { order: OrderAnswer; leaving: Units }) {
  const parts = useParts();
  const text = useProblemText();
  const { yuan, number } = useWords();
  const { known, asked } = useBack(order, leaving);
  const said =
    known ?? (asked.data && { refund_fen: asked.data.refund_fen, points: asked.data.points_restored });
  if (said !== undefined && said !== null)
    return (
      <span>
        {yuan(said.refund_fen)}
        {said.points > 0 && ` · ${parts.pointsBack} ${number(said.points)}`}
      </span>
    );
  return <span>{asked.error === null ? parts.asking : text(asProblem(asked.error))}</span>;
}

/** The amount with what it is made of, before a write. */
export function Back({ of }: { of: ReturnType<typeof useBack> }) {
  const parts = useParts();
  const text = useProblemText();
  const { number } = useWords();
  const { order, lines, known, asked } = of;
  if (order.paid_at === null) return null;
  if (known !== null) return <Sums refund_fen={known.refund_fen} points={known.points} />;
  if (lines.length === 0) return <p className="small-text soft">{parts.chooseFirst}</p>;
  if (asked.error !== null) return <p className="small-text">{text(asProblem(asked.error))}</p>;
  if (asked.data === undefined) return <Loading rows={2} />;
  const { kept, refund_fen, points_restored } = asked.data;
  return (
    <>
      {asked.data.parts.length > 1 && <Parts of={asked.data.parts} />}
      <Sums refund_fen={refund_fen} points={points_restored}>
        {[
          [parts.keptAfter, <Money key="k" fen={kept.paid_fen} />],
          [parts.earnedAfter, `${number(order.retained.earned_points)} → ${number(kept.earned_points)}`],
        ]}
      </Sums>
    </>
  );
}

function Sums({
  refund_fen,
  points,
  children = [],
}: {
  refund_fen: number;
  points: number;
  children?: readonly (readonly [ReactNode, ReactNode])[];
}) {
  const parts = useParts();
  const { number } = useWords();
  return (
    <Facts
      sums
      facts={[
        [
          <strong key="n">{parts.refund}</strong>,
          <strong key="r">
            <Money fen={refund_fen} />
          </strong>,
        ],
        points === 0 ? null : [parts.pointsBack, number(points)],
        ...children,
      ]}
    />
  );
}

/** What is kept of an order, part by part: it is what would come back if all that stays left. */
export function KeptWhy({ order }: { order: OrderAnswer }) {
  const parts = useParts();
  const text = useProblemText();
  const { asked } = useBack(order, allOf(order));
  if (asked.error !== null) return <p className="small-text">{text(asProblem(asked.error))}</p>;
  if (asked.data === undefined) return <Loading rows={2} />;
  return (
    <>
      <Parts of={asked.data.parts} kept />
      <p className="small-text soft">{parts.keptHow}</p>
    </>
  );
}

function Parts({ of, kept = false }: { of: readonly RefundPartAnswer[]; kept?: boolean }) {
  return (
    <Facts
      sums
      facts={of.map((part) => [
        <Name key="n" of={part} kept={kept} />,
        <Money key="a" fen={part.amount_fen} />,
      ])}
    />
  );
}

function Name({ of, kept }: { of: RefundPartAnswer; kept: boolean }) {
  const texts = useParts();
  const { number } = useWords();
  switch (of.of) {
    case "goods":
      return (
        <>
          <ProductName sku={of.sku ?? ""} /> × {number(of.quantity ?? 0)}
        </>
      );
    case "campaign":
      return (
        <>
          {texts.tookOf.campaign} <CampaignRef id={of.campaign_id ?? ""} />
        </>
      );
    case "gift":
      return (
        <>
          {kept || of.amount_fen < 0 ? texts.tookOf.gift : texts.tookOf.giftBack}{" "}
          <CampaignRef id={of.campaign_id ?? ""} />
        </>
      );
    case "points":
      return <>{kept ? texts.byPoints : texts.tookOf.points}</>;
    default:
      return <>{texts.tookOf[of.of]}</>;
  }
}
