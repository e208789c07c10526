/** What each job is called, and does: a test holds that each has words. */
import { createTexts } from "@shared/i18n/i18n";
import type { Form } from "@shared/i18n/language";

const zh = {
  "open-member-day": ["开启会员日", "会员日零点通知各系统：会员价从现在起有效。"],
  "end-campaigns": ["收起结束的活动", "把已结束的抢购剩下的件数放回库存。"],
  "lapse-unpaid": ["关闭超时订单", "关闭过了付款时限的订单，退回库存、优惠券和积分。"],
  "auto-receipt": ["自动确认收货", "发货满天数而会员没有确认的订单，视为已收货。"],
  "look-for-parcels": ["找超时包裹", "发货多天还没收到的，列入“超时包裹”。"],
  "index-parcels": ["补运单号索引", "让较早发货的订单也能按运单号找到；只在升级后需要。"],
  "ask-payments": ["询问支付平台", "向支付平台核实没有结果的付款，发出并核实退款。"],
  "reconcile-payments": ["对账", "取支付平台前一天的对账单，逐笔核对，差别列入“对账差异”。"],
  "follow-cases": ["跟进售后期限", "到期没有答复、没有寄回或没有签收的售后，按规则自动往下走。"],
  "index-members": ["补会员索引", "让较早注册的会员也能按姓名和手机号找到；只在升级后需要。"],
  "release-points": ["积分解冻", "收货满天数的积分由冻结转为可用。"],
  "expire-points": ["积分到期", "年底清除到期的积分。"],
  "announce-expiring": ["积分到期提醒", "到期前通知会员还有多少积分将到期。"],
  "replay-points": ["积分重新入账", "补上积分账户还没有看到的订单变化。"],
  "audit-points": ["全量核对积分", "把全部账户与订单重新核对一遍，算出积分负债。"],
  "audit-changes": ["核对积分变化", "核对上次以来变过的账户和订单，更新积分负债。"],
  "issue-birthday-coupons": ["发生日券", "给当月生日的会员发生日券。"],
} satisfies Record<string, readonly [string, string]>;

const en: Form<typeof zh> = {
  "open-member-day": [
    "Open the member day",
    "At its midnight tells the other systems that members' prices hold.",
  ],
  "end-campaigns": ["Put ended campaigns away", "Puts what flash sales have left back into the stock."],
  "lapse-unpaid": [
    "Close unpaid orders",
    "Closes orders after their time to pay, and gives stock, coupons and points back.",
  ],
  "auto-receipt": [
    "Receive by itself",
    "Takes orders for received that nobody has confirmed in the days allowed.",
  ],
  "look-for-parcels": ["Look for late parcels", "Lists what has not arrived in days under Late parcels."],
  "index-parcels": [
    "Index parcels",
    "Lets older orders be found by tracking number; needed after an upgrade only.",
  ],
  "ask-payments": [
    "Ask the providers",
    "Asks after payments without an outcome, sends refunds and asks after them.",
  ],
  "reconcile-payments": [
    "Compare statements",
    "Compares the providers' statements of the day before, and lists what differs.",
  ],
  "follow-cases": [
    "Follow cases",
    "What was not answered, sent back or received in time goes on by the rules.",
  ],
  "index-members": [
    "Index members",
    "Lets older members be found by name and phone; needed after an upgrade only.",
  ],
  "release-points": ["Release points", "Frozen points become available, days after the receipt."],
  "expire-points": ["Expire points", "Takes away at the year's end what has expired."],
  "announce-expiring": ["Announce expiring points", "Tells members beforehand how many points will expire."],
  "replay-points": ["Post points again", "Posts what the accounts have not seen of the orders."],
  "audit-points": ["Audit all points", "Compares all accounts with the orders, and reckons the points owed."],
  "audit-changes": [
    "Audit what changed",
    "Compares what has changed since the last audit, and renews the points owed.",
  ],
  "issue-birthday-coupons": [
    "Issue birthday coupons",
    "Gives members their coupon in the month of their birthday.",
  ],
};

const useTexts = createTexts(zh, en);

/** What a job is called, and the sentence of what it does; a job without words is called by its id. */
export function useJobWords(): (job: string) => readonly [name: string, does: string] {
  const words: Readonly<Record<string, readonly [string, string]>> = useTexts();
  return (job) => (Object.hasOwn(words, job) ? words[job] : undefined) ?? [job, ""];
}

/** The jobs that have words. */
export const WORDED: readonly string[] = Object.keys(zh);
