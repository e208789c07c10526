/** What a page shows while there is nothing to show: it loads, there is none, it failed, it is not for you (K3). */
import type { ReactNode } from "react";
import { asProblem } from "../api/problem";
import { useCommon } from "../i18n/common";
import { useProblemText } from "../i18n/problem-words";
import { Notice, PageHead } from "./bits";
import { Button } from "./button";
import { type FieldLabels, useFaults } from "./faults";
import { Icon, type IconName } from "./icon";

const BONES = ["a", "b", "c", "d", "e", "f"] as const;

export function Loading({ tall = false, rows = 3 }: { tall?: boolean; rows?: number }) {
  const { ui } = useCommon();
  return (
    <div className="skeleton" role="status">
      <span className="hidden">{ui.loading}</span>
      {BONES.slice(0, rows).map((each) => (
        <div key={each} className={tall ? "bone tall" : "bone"} aria-hidden="true" />
      ))}
      <div className="bone short" aria-hidden="true" />
    </div>
  );
}

/** A sentence in place of what would be here. As a whole page it brings the page's heading. */
export function State({
  icon,
  title,
  children,
  action,
  page = false,
}: {
  icon: IconName;
  title: string;
  children?: ReactNode;
  action?: ReactNode;
  page?: boolean;
}) {
  return (
    <div className="state">
      <Icon name={icon} />
      {page ? <PageHead title={title} /> : <h2>{title}</h2>}
      {children !== undefined && <p>{children}</p>}
      {action}
    </div>
  );
}

export function Empty({
  title,
  children,
  action,
}: {
  title: string;
  children?: ReactNode;
  action?: ReactNode;
}) {
  return (
    <State icon="empty" title={title} action={action}>
      {children}
    </State>
  );
}

/**
 * What went wrong, and what to do: by the problem's code, with the id by which it can be found. Fields at fault are
 * called as `labels` calls them, products that are the reason by their numbers: unless `children` name them.
 */
export function Failure({
  error,
  again,
  labels,
  children,
}: {
  error: unknown;
  again?: () => void;
  labels?: FieldLabels | undefined;
  children?: ReactNode;
}) {
  const { ui } = useCommon();
  const text = useProblemText();
  const { all, skus } = useFaults(error, labels);
  const problem = asProblem(error);
  return (
    <Notice tone="bad" head={text(problem)}>
      {children}
      {children === undefined && skus.length > 0 && (
        <ul>
          {skus.map((sku) => (
            <li key={sku} className="small-text code">
              {sku}
            </li>
          ))}
        </ul>
      )}
      {all.length > 0 && (
        <ul>
          {all.map(({ field, label, message }) => (
            <li key={field} className="small-text">
              {label === null ? <span className="code">{field}</span> : <b>{label}</b>} {message}
            </li>
          ))}
        </ul>
      )}
      <p className="soft small-text">
        <span className="code">{problem.code}</span>
        {problem.requestId !== null && (
          <>
            {" · "}
            {ui.requestId} <span className="code">{problem.requestId}</span>
          </>
        )}
      </p>
      {again !== undefined && (
        <div>
          <Button small onPress={again}>
            {ui.again}
          </Button>
        </div>
      )}
    </Notice>
  );
}

/** A page that the reader's role has no right to. */
export function NoRight({ page = false }: { page?: boolean }) {
  const { session } = useCommon();
  return (
    <State icon="lock" title={session.noRight} page={page}>
      {session.noRightHere}
    </State>
  );
}

/** A page that is not there. */
export function NotFound() {
  const { session } = useCommon();
  return (
    <State icon="search" title={session.notFound} page>
      {session.notFoundHere}
    </State>
  );
}

/** A query's answer, or what there is in its place. `page` is the heading where the answer would be the whole page. */
export function Answered<T>({
  query,
  children,
  tall = false,
  page,
}: {
  query: { data: T | undefined; error: unknown; isPending: boolean; refetch: () => unknown };
  children: (data: T) => ReactNode;
  tall?: boolean;
  page?: string;
}) {
  if (query.data !== undefined) return <>{children(query.data)}</>;
  if (query.isPending) return <Loading tall={tall} />;
  const { code } = asProblem(query.error);
  if (code === "forbidden" || code === "gateway_403") return <NoRight page={page !== undefined} />;
  return (
    <div className="stack">
      {page !== undefined && <PageHead title={page} />}
      <Failure error={query.error} again={() => void query.refetch()} />
    </div>
  );
}
