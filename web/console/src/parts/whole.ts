import { PAGED } from "@shared/ui/pages";
import { useEffect } from "react";

/** A report of more pages than these is cut off, and says so. */
export const PAGES_MAX = 50;

const FRESH_MILLISECONDS = 60_000;

/** What `useInfiniteQuery` needs for a list that is read to its end: not again at each look at the window. */
export const WHOLE = { ...PAGED, staleTime: FRESH_MILLISECONDS, refetchOnWindowFocus: false } as const;

interface Paged<T> {
  data: { pages: readonly { items: readonly T[] }[] } | undefined;
  error: unknown;
  isPending: boolean;
  hasNextPage: boolean;
  isFetchingNextPage: boolean;
  fetchNextPage: () => unknown;
  refetch: () => unknown;
}

/** Reads a list to its end, or to so many pages: a sum over a part of it would say what is not so. */
export function useWhole<T>(query: Paged<T>, pagesMax = PAGES_MAX) {
  const pages = query.data?.pages.length ?? 0;
  const goOn = query.hasNextPage && !query.isFetchingNextPage && query.error === null && pages < pagesMax;
  const { fetchNextPage } = query;
  useEffect(() => {
    if (goOn) void fetchNextPage();
  }, [goOn, fetchNextPage]);
  const cut = query.hasNextPage && pages >= pagesMax;
  const whole = query.data !== undefined && (!query.hasNextPage || cut);
  return {
    data: whole ? query.data?.pages.flatMap((page) => page.items) : undefined,
    error: query.error,
    isPending: query.error === null && !whole,
    refetch: query.refetch,
    cut,
  };
}
