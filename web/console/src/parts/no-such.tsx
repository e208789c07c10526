import { asProblem } from "@shared/api/problem";
import { useProblemText } from "@shared/i18n/problem-words";
import { LinkButton } from "@shared/ui/button";
import { State } from "@shared/ui/states";
import { useParts } from "./texts";

/**
 * Whether an address leads to nothing: its id is none, or there is nothing under it. Trying again would not help,
 * and nothing on the page can be mended.
 */
export function isNoSuch(error: unknown): boolean {
  if (error === null || error === undefined) return false;
  const { status, code } = asProblem(error);
  return status === 404 || code === "invalid_request";
}

/** What stands there then, with the way back to where it can be looked for. */
export function NoSuch({ code, to }: { code: "order_not_found" | "case_not_found"; to: string }) {
  const parts = useParts();
  const text = useProblemText();
  return (
    <State
      icon="search"
      title={parts.noSuch}
      action={
        <LinkButton look="primary" to={to}>
          {parts.lookThere}
        </LinkButton>
      }
    >
      {text({ code } as Parameters<typeof text>[0])}
    </State>
  );
}
