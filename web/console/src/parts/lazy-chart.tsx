import { Loading } from "@shared/ui/states";
import { type ComponentProps, lazy, Suspense } from "react";

const Drawn = lazy(() => import("@shared/chart/chart").then((found) => ({ default: found.Chart })));

/** A chart; what draws it is loaded when the first one is looked at. */
export function Chart(props: ComponentProps<typeof Drawn>) {
  return (
    <Suspense fallback={<Loading tall />}>
      <Drawn {...props} />
    </Suspense>
  );
}
