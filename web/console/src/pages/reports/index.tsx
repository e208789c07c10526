import { PageHead } from "@shared/ui/bits";
import type { ReactNode } from "react";
import { useSearchParams } from "react-router";
import { Tabs } from "../../parts/tabs";
import { type Right, useCan } from "../../rights";
import { Cases } from "./cases";
import { Differences } from "./differences";
import { Late } from "./late";
import { Liability } from "./liability";
import { Refunds } from "./refunds";
import { Returns } from "./returns";
import { Sales } from "./sales";
import { useTexts } from "./texts";
import { Unassigned } from "./unassigned";

const REPORTS = [
  ["sales", "get_sales", Sales],
  ["liability", "get_points_liability", Liability],
  ["refunds", "get_refunds", Refunds],
  ["unassigned", "get_unassigned_payments", Unassigned],
  ["differences", "get_payment_differences", Differences],
  ["returns", "get_returns", Returns],
  ["cases", "get_case_figures", Cases],
  ["late", "get_late_deliveries", Late],
] as const satisfies readonly (readonly [string, Right, () => ReactNode])[];

export default function Reports() {
  const texts = useTexts();
  const can = useCan();
  const [query, setQuery] = useSearchParams();
  const seen = REPORTS.filter(([, right]) => can(right));
  const selected = seen.find(([id]) => id === query.get("report"))?.[0] ?? seen[0]?.[0];
  return (
    <div className="stack">
      <PageHead title={texts.title} under={texts.under} />
      <Tabs
        label={texts.tabsLabel}
        selected={selected}
        onSelect={(report) => setQuery({ report }, { replace: true })}
        tabs={seen.map(([id, , Panel]) => ({ id, label: texts.tabs[id], panel: () => <Panel /> }))}
      />
    </div>
  );
}
