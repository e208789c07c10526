import { type ReactNode, type RefObject, useEffect, useRef, useState } from "react";

export interface Column<T> {
  readonly id: string;
  readonly title: string;
  readonly cell: (row: T) => ReactNode;
  /** Figures stand at the end of their column. */
  readonly end?: boolean;
  /** What names the row to a screen reader. */
  readonly head?: boolean;
}

/** A table; where there is no room each row becomes a card, whose cells say which column they are of. */
export function Table<T>({
  caption,
  columns,
  rows,
  keyOf,
}: {
  caption: string;
  columns: readonly Column<T>[];
  rows: readonly T[];
  keyOf: (row: T) => string;
}) {
  const frame = useRef<HTMLDivElement>(null);
  const scrolls = useScrolls(frame);
  return (
    <div
      className="table-frame"
      ref={frame}
      {...(scrolls && { role: "region", "aria-label": caption, tabIndex: 0 })}
    >
      <table className="table">
        <caption className="hidden">{caption}</caption>
        <thead>
          <tr>
            {columns.map((each) => (
              <th key={each.id} scope="col" className={each.end ? "end" : undefined}>
                {each.title}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr key={keyOf(row)}>
              {columns.map((each) => {
                const shared = { "data-label": each.title, className: each.end ? "end" : undefined };
                return each.head ? (
                  <th key={each.id} scope="row" {...shared}>
                    <div>{each.cell(row)}</div>
                  </th>
                ) : (
                  <td key={each.id} {...shared}>
                    <div>{each.cell(row)}</div>
                  </td>
                );
              })}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

/** Whether something is wider than its frame: what scrolls has to be reached by keyboard, and only that. */
function useScrolls(frame: RefObject<HTMLElement | null>): boolean {
  const [scrolls, setScrolls] = useState(false);
  useEffect(() => {
    const element = frame.current;
    if (element === null || typeof ResizeObserver === "undefined") return undefined;
    const observer = new ResizeObserver(() => setScrolls(element.scrollWidth > element.clientWidth));
    for (const each of [element, ...element.children]) observer.observe(each);
    return () => observer.disconnect();
  }, [frame]);
  return scrolls;
}
