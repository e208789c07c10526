/** What the settings of the policy are called, with their units: a test holds that each has a name. */
import { createTexts } from "@shared/i18n/i18n";
import type { Form } from "@shared/i18n/language";

const zh = {
  tier: (tier: string, what: string) => `${tier} · ${what}`,
  nth: (number: number) => `第 ${number} 个等级`,
  reasons: {
    no_reason: "无理由",
    defective: "质量问题",
    damaged: "运输损坏",
    wrong_item: "发错商品",
    not_as_described: "与描述不符",
    not_received: "没有收到",
    late: "送达太晚",
    other: "其他",
  },
  freight: (reason: string) => `退货运费补偿 · ${reason}（元）`,
  tiers: {
    code: "等级代号",
    above_fen: "累计消费超过（元）",
    birthday_coupon_fen: "生日券面额（元）",
    member_day_rate: "会员日折扣（0.90 即九折）",
    free_shipping_from_fen: "包邮门槛（元）",
    free_return_shipping: "退货包运费",
  },
  settings: {
    time_zone: "店铺时区",
    "member_day.day": "会员日（每月几日）",
    "birthday_coupon.min_goods_fen": "生日券使用门槛（元，按原价）",
    "shipping.fee_fen": "运费（元）",
    "points.earned_per_yuan": "每消费 1 元得积分",
    "points.release_days": "收货后解冻（天）",
    "points.valid_years": "积分有效（年）",
    "points.notice_days": "到期提醒提前（天）",
    "points.redeemed_per_yuan": "抵 1 元用积分",
    "points.redeem_step": "积分使用的最小单位（分）",
    "points.redeem_max_points": "每单最多用积分",
    "orders.payment_window_minutes": "付款时限（分钟）",
    "orders.auto_receipt_days": "自动确认收货（天）",
    "orders.delivery_late_days": "发货后多久算超时（天）",
    "payments.two_eyes_fen": "超过多少须两人认领（元）",
    "after_sales.answer_hours": "售后答复时限（小时）",
    "after_sales.dispute_hours": "申诉裁定时限（小时）",
    "after_sales.escalate_days": "拒绝后可申诉（天）",
    "after_sales.send_back_days": "同意后须寄回（天）",
    "after_sales.receive_days": "寄回后须签收（天）",
    "after_sales.closing_days": "答复后自动结束（天）",
    "after_sales.no_reason_days": "无理由退货（天）",
    "after_sales.settle_points_max": "每个售后最多补偿积分",
    "after_sales.return_shipping_flat_fen": "包运费等级的退货运费补偿至少（元）",
    "after_sales.return_shipping_max_fen": "退货运费补偿最多（元）",
  },
};

const en: Form<typeof zh> = {
  tier: (tier, what) => `${tier} · ${what}`,
  nth: (number) => `Tier number ${number}`,
  reasons: {
    no_reason: "no reason",
    defective: "defective",
    damaged: "damaged",
    wrong_item: "wrong item",
    not_as_described: "not as described",
    not_received: "not received",
    late: "late",
    other: "other",
  },
  freight: (reason) => `Freight owed for a return · ${reason} (yuan)`,
  tiers: {
    code: "Code",
    above_fen: "Paid more than (yuan)",
    birthday_coupon_fen: "Birthday coupon (yuan)",
    member_day_rate: "Member-day rate (0.90 is 10 % off)",
    free_shipping_from_fen: "Free shipping from (yuan)",
    free_return_shipping: "Free return shipping",
  },
  settings: {
    time_zone: "The store's time zone",
    "member_day.day": "Member day (day of the month)",
    "birthday_coupon.min_goods_fen": "Birthday coupon from (yuan, list prices)",
    "shipping.fee_fen": "Shipping (yuan)",
    "points.earned_per_yuan": "Points earned per yuan",
    "points.release_days": "Released after the receipt (days)",
    "points.valid_years": "Points are valid (years)",
    "points.notice_days": "Expiry announced before (days)",
    "points.redeemed_per_yuan": "Points that take off one yuan",
    "points.redeem_step": "Points are redeemed in steps of",
    "points.redeem_max_points": "Points redeemed in one order at most",
    "orders.payment_window_minutes": "Time to pay (minutes)",
    "orders.auto_receipt_days": "Received by itself after (days)",
    "orders.delivery_late_days": "A parcel is late after (days)",
    "payments.two_eyes_fen": "Two people assign more than (yuan)",
    "after_sales.answer_hours": "Time to answer a case (hours)",
    "after_sales.dispute_hours": "Time to settle a dispute (hours)",
    "after_sales.escalate_days": "A refusal can be escalated for (days)",
    "after_sales.send_back_days": "Time to send back (days)",
    "after_sales.receive_days": "Time to receive what was sent back (days)",
    "after_sales.closing_days": "An answered complaint closes after (days)",
    "after_sales.no_reason_days": "Return for no reason (days)",
    "after_sales.settle_points_max": "Points a case gives at most",
    "after_sales.return_shipping_flat_fen": "Freight of tiers with free returns, at least (yuan)",
    "after_sales.return_shipping_max_fen": "Freight of a return at most (yuan)",
  },
};

const useTexts = createTexts(zh, en);
const FREIGHT = "after_sales.return_shipping_fen.";
const OF_TIER = /^(J\d+)\.([a-z_]+)$/;
/** As faults of a file name them: tiers by their place. */
const OF_NTH = /^tiers\.(\d+)(?:\.([a-z_]+))?$/;

function found(words: Readonly<Record<string, string>>, name: string): string | undefined {
  return Object.hasOwn(words, name) ? words[name] : undefined;
}

/** What a setting is called in a language's words; null for one that has none. */
export function nameOf(words: typeof zh, setting: string): string | null {
  const own = found(words.settings, setting);
  if (own !== undefined) return own;
  if (setting.startsWith(FREIGHT)) {
    const reason = found(words.reasons, setting.slice(FREIGHT.length));
    return reason === undefined ? null : words.freight(reason);
  }
  const [, tier, ofTier = ""] = OF_TIER.exec(setting) ?? [];
  const [, place, ofNth] = OF_NTH.exec(setting) ?? [];
  const called = tier ?? (place === undefined ? undefined : words.nth(Number(place) + 1));
  if (called === undefined) return null;
  if (ofNth === undefined && place !== undefined) return called;
  const what = found(words.tiers, ofNth ?? ofTier);
  return what === undefined ? null : words.tier(called, what);
}

/** Calls settings by their names. */
export function useSettingName(): (setting: string) => string | null {
  const words = useTexts();
  return (setting) => nameOf(words, setting);
}

export const LANGUAGES = { zh, en };
