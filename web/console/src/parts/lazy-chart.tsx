import { Loading } from "@shared/ui/states";
import { type ComponentProps, lazy, Suspense } from "react";

const Drawn = lazy(() => import("@shared/chart/chart").then((found) => ({ default: found.Chart })));

/**
 * A chart; what draws it is loaded when the first one is looked at, and has its room until then: what stands beneath it
 * does not move away from who presses it.
 */
export function Chart(props: ComponentProps<typeof Drawn>) {
  return (
    <Suspense
      fallback={
        <div className="chart">
          <Loading tall />
        </div>
      }
    >
      <Drawn {...props} />
    </Suspense>
  );
}
