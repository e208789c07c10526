import type { ReactNode } from "react";
import { asProblem } from "../api/problem";
import { useCommon } from "../i18n/common";
import { Button } from "./button";
import { Failure, Loading, NoRight } from "./states";

/** What React Query says of a list that is read page by page. */
interface Paged<T> {
  data: { pages: readonly { items: readonly T[]; next_cursor: string | null }[] } | undefined;
  error: unknown;
  isPending: boolean;
  hasNextPage: boolean;
  isFetchingNextPage: boolean;
  fetchNextPage: () => unknown;
  refetch: () => unknown;
}

/** What `useInfiniteQuery` needs for a list of the API: an empty cursor is the first page. */
export const PAGED = {
  initialPageParam: "",
  getNextPageParam: (last: { next_cursor: string | null }) => last.next_cursor,
} as const;

/** A list of the API: its items as far as they are read, and a button for more. */
export function Pages<T>({
  query,
  empty,
  children,
}: {
  query: Paged<T>;
  empty: ReactNode;
  children: (items: readonly T[]) => ReactNode;
}) {
  const { ui } = useCommon();
  if (query.isPending) return <Loading tall />;
  if (query.data === undefined && asProblem(query.error).code === "forbidden") return <NoRight />;
  if (query.data === undefined) return <Failure error={query.error} again={() => void query.refetch()} />;
  const items = query.data.pages.flatMap((page) => page.items);
  return (
    <div className="stack">
      {items.length === 0 && !query.hasNextPage ? empty : children(items)}
      {query.error !== null && <Failure error={query.error} again={() => void query.fetchNextPage()} />}
      {query.hasNextPage && (
        <div className="row">
          <Button isPending={query.isFetchingNextPage} onPress={() => void query.fetchNextPage()}>
            {ui.more}
          </Button>
        </div>
      )}
    </div>
  );
}
