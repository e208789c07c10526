import type { CampaignAnswer, CaseAnswer, Status as OrderStatus, RefundAnswer } from "@shared/api/schema";
import { useCommon } from "@shared/i18n/common";
import { Badge, type Tone } from "@shared/ui/bits";
import { useParts } from "./texts";

const ORDER: Record<OrderStatus, Tone> = {
  placed: "warn",
  paid: "accent",
  shipped: "accent",
  received: "good",
  returned: "plain",
  cancelled: "plain",
  lapsed: "plain",
  refused: "bad",
};

export function OrderBadge({ status }: { status: OrderStatus }) {
  const { status: words } = useCommon();
  return <Badge tone={ORDER[status]}>{words[status]}</Badge>;
}

const CASE: Record<CaseAnswer["state"], Tone> = {
  requested: "warn",
  approved: "accent",
  refused: "plain",
  withdrawn: "plain",
  shipped_back: "warn",
  received: "good",
  disputed: "bad",
  answered: "accent",
  closed: "plain",
};

export function CaseBadge({ state }: { state: CaseAnswer["state"] }) {
  const { caseState } = useCommon();
  return <Badge tone={CASE[state]}>{caseState[state]}</Badge>;
}

const CAMPAIGN: Record<CampaignAnswer["state"], Tone> = {
  scheduled: "accent",
  running: "good",
  paused: "warn",
  ended: "plain",
};

export function CampaignBadge({ state }: { state: CampaignAnswer["state"] }) {
  const { campaignState } = useCommon();
  return <Badge tone={CAMPAIGN[state]}>{campaignState[state]}</Badge>;
}

const REFUND: Record<RefundAnswer["state"], Tone> = {
  manual: "warn",
  due: "accent",
  sent: "accent",
  succeeded: "good",
  failed: "bad",
  paid_by_hand: "good",
};

/** In the words of staff: a shopper is told who sees to it. */
export function RefundBadge({ state }: { state: RefundAnswer["state"] }) {
  const { refundState } = useParts();
  return <Badge tone={REFUND[state]}>{refundState[state]}</Badge>;
}
