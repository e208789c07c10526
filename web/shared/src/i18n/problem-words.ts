/** What a code of a problem means here: an app may have words of its own for some, for readers of its own. */
import { createContext, useContext } from "react";
import type { Problem, ProblemCode } from "../api/problem";
import { useCommon } from "./common";

/** Wrap an app or a form in it: what it says goes before what both apps say. */
export const ProblemWords = createContext<Partial<Record<ProblemCode, string>>>({});

/** Returns what to say of a problem. */
export function useProblemText(): (problem: Problem) => string {
  const { problems } = useCommon();
  const own = useContext(ProblemWords);
  return ({ code }) => own[code] ?? problems[code] ?? problems.unknown;
}
