import { now } from "@shared/clock";
import { useWords } from "@shared/i18n/i18n";
import { Button } from "@shared/ui/button";
import { type QueryCache, useIsFetching, useQueryClient } from "@tanstack/react-query";
import { useEffect, useRef, useSyncExternalStore } from "react";
import { useLocation } from "react-router";
import { useParts } from "./texts";

/**
 * Says as of when the page is, and has it read anew: nothing here asks again by itself, and who comes back to a page
 * that stood open for an hour has to see that. Going to the page where one is reads it anew, too.
 */
export function Anew() {
  const texts = useParts();
  const { exactly } = useWords();
  const cache = useQueryClient();
  const reading = useIsFetching() > 0;
  const queries = cache.getQueryCache();
  const readAt = useSyncExternalStore(
    (changed) => queries.subscribe(changed),
    () => oldestOf(queries),
  );
  const { key, pathname, search } = useLocation();
  const place = `${pathname}${search}`;
  const former = useRef({ key, place });
  useEffect(() => {
    const again = former.current.place === place && former.current.key !== key;
    former.current = { key, place };
    if (again) void cache.invalidateQueries();
  }, [key, place, cache]);
  // It is there from the beginning on: nothing that somebody is about to press moves away under them.
  return (
    <div className="row end anew">
      <span className="soft small-text">
        {readAt > 0 && texts.asOf(exactly(new Date(now().getTime() - (Date.now() - readAt)).toISOString()))}
      </span>
      <Button small isPending={reading} onPress={() => void cache.invalidateQueries()}>
        {texts.readAnew}
      </Button>
    </div>
  );
}

/** When the oldest answer that the page shows was read, by this device's clock; 0 where it shows none. */
function oldestOf(queries: QueryCache): number {
  const shown = queries.getAll().filter((each) => each.isActive() && each.state.dataUpdatedAt > 0);
  return shown.reduce(
    (oldest, each) => Math.min(oldest, each.state.dataUpdatedAt),
    shown[0]?.state.dataUpdatedAt ?? 0,
  );
}
