/** What the operations that leave a record are called (K7): a new one without words is an error of types. */
import { createTexts } from "@shared/i18n/i18n";
import type { Form } from "@shared/i18n/language";
import type { Right } from "../rights";

/** What staff may ask for and nobody writes down: it shows nothing of a member, and changes nothing. */
type Unrecorded =
  | "check_policy"
  | "get_alarms"
  | "get_audit"
  | "get_audit_record"
  | "get_campaign"
  | "get_campaigns"
  | "get_case"
  | "get_case_figures"
  | "get_cases"
  | "get_coupon_template"
  | "get_coupon_templates"
  | "get_due_orders"
  | "get_jobs"
  | "get_late_deliveries"
  | "get_movements"
  | "get_order"
  | "get_order_history"
  | "get_payment_differences"
  | "get_points_differences"
  | "get_points_liability"
  | "get_policy"
  | "get_product"
  | "get_products"
  | "get_refunds"
  | "get_returns"
  | "get_sales"
  | "get_unassigned_payments"
  | "preview_campaign"
  | "preview_return"
  | "search_orders";
/** Members take along what there is of them without being staff, and that is written down, too. */
export type Recorded = Exclude<Right, Unrecorded> | "get_export";

/** Those that only look, or take along: the others write. */
const LOOKS: ReadonlySet<string> = new Set<Recorded>([
  "export_report",
  "get_export",
  "get_member",
  "get_member_birthday_changes",
  "get_member_coupons",
  "get_member_orders",
  "get_member_points_entries",
  "get_member_tier_history",
  "search_members",
]);

const zh = {
  adjust_points: "调整积分",
  answer_case: "答复售后",
  approve_case: "同意售后",
  ask_for_payment: "发起付款",
  assign_payment: "认领款项",
  cancel_order: "取消订单",
  change_birthday: "修改生日",
  erase_member: "注销会员",
  export_report: "导出报表",
  get_export: "导出会员资料",
  get_member: "查看会员",
  get_member_birthday_changes: "查看生日更改",
  get_member_coupons: "查看会员的优惠券",
  get_member_orders: "查看会员的订单",
  get_member_points_entries: "查看积分明细",
  get_member_tier_history: "查看等级变化",
  issue_coupon: "发券",
  make_coupon_codes: "生成兑换码",
  move_stock: "出入库",
  pay_refund_by_hand: "登记人工退款",
  put_campaign: "保存活动",
  put_coupon_template: "保存券模板",
  put_product: "保存商品",
  receive_case: "收到退换货",
  receive_order: "确认收货",
  record_payment: "登记付款",
  refund_payment: "退回款项",
  refuse_case: "拒绝售后",
  refuse_order: "登记拒收",
  return_units: "退回商品",
  run_job: "运行任务",
  search_members: "查找会员",
  settle_case: "裁定售后",
  ship_order: "发货",
} satisfies Record<Recorded, string>;

const en: Form<typeof zh> = {
  adjust_points: "Adjust points",
  answer_case: "Answer a case",
  approve_case: "Approve a case",
  ask_for_payment: "Ask for a payment",
  assign_payment: "Assign money",
  cancel_order: "Cancel an order",
  change_birthday: "Change a birthday",
  erase_member: "Erase a member",
  export_report: "Export a report",
  get_export: "Export a member's data",
  get_member: "Look at a member",
  get_member_birthday_changes: "Look at changes of a birthday",
  get_member_coupons: "Look at a member's coupons",
  get_member_orders: "Look at a member's orders",
  get_member_points_entries: "Look at a ledger",
  get_member_tier_history: "Look at a tier's history",
  issue_coupon: "Issue a coupon",
  make_coupon_codes: "Make codes",
  move_stock: "Move stock",
  pay_refund_by_hand: "Refund paid by hand",
  put_campaign: "Save a campaign",
  put_coupon_template: "Save a template",
  put_product: "Save a product",
  receive_case: "Receive what came back",
  receive_order: "Receive an order",
  record_payment: "Record a payment",
  refund_payment: "Send money back",
  refuse_case: "Refuse a case",
  refuse_order: "Parcel refused",
  return_units: "Take units back",
  run_job: "Run a job",
  search_members: "Search members",
  settle_case: "Settle a case",
  ship_order: "Ship an order",
};

const useTexts = createTexts(zh, en);

/** Whether an operation writes; one that nobody knows is shown rather than left out. */
export function writes(operation: string): boolean {
  return !LOOKS.has(operation);
}

/** Calls an operation by its words; one of an older release by its id. */
export function useOperation(): (operation: string) => string {
  const words: Readonly<Record<string, string>> = useTexts();
  return (operation) => (Object.hasOwn(words, operation) ? words[operation] : undefined) ?? operation;
}
