/** What a refusal says of the fields of a form: each at its field, in the page's language (K3). */
import { asProblem, type Problem } from "../api/problem";
import { fieldMessage } from "../i18n/fields";
import { useWords } from "../i18n/i18n";

/** What the fields of a request are called in its form, by their names in the API. */
export type FieldLabels = Readonly<Record<string, string>>;

export interface Faults {
  /** What is wrong with a field or with a part of it, or null. */
  readonly of: (...fields: string[]) => string | null;
  /** All of them, with what each field is called: by the form where it has a name for it. */
  readonly all: readonly {
    readonly field: string;
    readonly label: string | null;
    readonly message: string;
  }[];
  /** The products that the refusal is about. */
  readonly skus: readonly string[];
}

/** Returns what an error says of fields; nothing where there is no error. */
export function useFaults(error: unknown, labels: FieldLabels = {}): Faults {
  const { language } = useWords();
  const problem = error === null || error === undefined ? null : asProblem(error);
  const all = (problem?.errors ?? []).map(({ field, message }) => ({
    field,
    label: labelOf(field, labels),
    message: fieldMessage(message, language),
  }));
  return {
    all,
    skus: problem === null ? [] : skusOf(problem),
    of: (...fields) =>
      all
        .filter((each) => fields.some((field) => each.field === field || each.field.startsWith(`${field}.`)))
        .map((each) => each.message)
        .join("; ") || null,
  };
}

/** The products that a refusal names. */
export function skusOf(problem: Problem): readonly string[] {
  const { skus } = problem.more;
  return Array.isArray(skus) ? skus.filter((each) => typeof each === "string") : [];
}

/** What the form calls a field, or the field that it is a part of: `lines.0.quantity` is of `lines`. */
function labelOf(field: string, labels: FieldLabels): string | null {
  const parts = field.split(".");
  for (let count = parts.length; count > 0; count -= 1) {
    const label = labels[parts.slice(0, count).join(".")];
    if (label !== undefined) return label;
  }
  return null;
}
