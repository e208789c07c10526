/** The kinds of alarms that the suite has (infra/constructs/alarms.py), and where somebody acts on each. */
import type { Right } from "../../rights";

export const KINDS = [
  "failures",
  "errors",
  "throttles",
  "streams-behind",
  "tasks-behind",
  "api-faults",
  "audit-differences",
  "jobs-overdue",
  "jobs-unwatched",
  "cases-overdue",
  "notifications-refused",
  "notices-late",
  "payments-unassigned",
  "payments-conflicting",
  "payment-differences",
  "refunds-failed",
  "refunds-doubled",
] as const;
export type AlarmKind = (typeof KINDS)[number];

/** Where it is worked off, by whom that is open to. What has no place here is for whoever runs the suite. */
export const PLACES: Partial<Record<AlarmKind, { to: string; right: Right }>> = {
  "jobs-overdue": { to: "/jobs", right: "get_jobs" },
  "cases-overdue": { to: "/cases?overdue=true", right: "get_cases" },
  "payments-unassigned": { to: "/reports?report=unassigned", right: "get_unassigned_payments" },
  "payments-conflicting": { to: "/reports?report=differences", right: "get_payment_differences" },
  "payment-differences": { to: "/reports?report=differences", right: "get_payment_differences" },
  "refunds-failed": { to: "/reports?report=refunds&state=failed", right: "get_refunds" },
  "refunds-doubled": { to: "/reports?report=refunds&state=manual", right: "get_refunds" },
};

/** The kind of an alarm, by its name: `memberday-dev-shop-errors-2` is of `errors`. Null of one that is not known. */
export function kindOf(alarm: string): AlarmKind | null {
  const name = alarm.replace(/-\d+$/, "");
  return KINDS.find((kind) => name === kind || name.endsWith(`-${kind}`)) ?? null;
}
