/** Puts that make only, or change only what the form was filled from (K1): what is sent, and what to do when refused. */

import type { Problem } from "@shared/api/problem";
import { Button } from "@shared/ui/button";
import type { ReactNode } from "react";
import { Link } from "react-router";
import { useParts } from "./texts";

/** The header of a put: of something new, or of the version that was seen; of one without a version none. */
export function guard(former: { version?: number | null } | null): Record<string, string> {
  if (former === null) return { "If-None-Match": "*" };
  return former.version == null ? {} : { "If-Match": `"${former.version}"` };
}

/** What to do when it is refused: open what exists, or load anew what has changed. */
export function useRefused(id: string, to: string, reload: () => void): (problem: Problem) => ReactNode {
  const texts = useParts();
  return ({ code }) => {
    if (code === "exists_already") return <Link to={to}>{texts.openExisting(id)}</Link>;
    if (code !== "changed_meanwhile") return null;
    return (
      <>
        <p className="small-text">{texts.reloadNote}</p>
        <div>
          <Button small onPress={reload}>
            {texts.reload}
          </Button>
        </div>
      </>
    );
  };
}
