/** What a page shows while there is nothing to show: it loads, there is none, it failed, it is not for you (K3). */
import type { ReactNode } from "react";
import { asProblem } from "../api/problem";
import { useCommon } from "../i18n/common";
import { Notice } from "./bits";
import { Button } from "./button";
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

export function State({
  icon,
  title,
  children,
  action,
}: {
  icon: IconName;
  title: string;
  children?: ReactNode;
  action?: ReactNode;
}) {
  return (
    <div className="state">
      <Icon name={icon} />
      <h2>{title}</h2>
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

/** What went wrong, and what to do: by the problem's code, with the id by which it can be found. */
export function Failure({
  error,
  again,
  children,
}: {
  error: unknown;
  again?: () => void;
  children?: ReactNode;
}) {
  const { problems, ui } = useCommon();
  const problem = asProblem(error);
  return (
    <Notice tone="bad" head={problems[problem.code] ?? problems.unknown}>
      {children}
      {problem.errors.length > 0 && (
        <ul>
          {problem.errors.map((each) => (
            <li key={each.field} className="small-text">
              <span className="code">{each.field}</span> {each.message}
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

export function NoRight() {
  const { session } = useCommon();
  return (
    <State icon="lock" title={session.noRight}>
      {session.noRightHere}
    </State>
  );
}

/** A query's answer, or what there is in its place. */
export function Answered<T>({
  query,
  children,
  tall = false,
}: {
  query: { data: T | undefined; error: unknown; isPending: boolean; refetch: () => unknown };
  children: (data: T) => ReactNode;
  tall?: boolean;
}) {
  if (query.data !== undefined) return <>{children(query.data)}</>;
  if (query.isPending) return <Loading tall={tall} />;
  const { code } = asProblem(query.error);
  if (code === "forbidden" || code === "gateway_403") return <NoRight />;
  return <Failure error={query.error} again={() => void query.refetch()} />;
}
