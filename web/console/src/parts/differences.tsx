import { Table } from "@shared/ui/table";
import { useParts } from "./texts";

type Row = readonly [name: string, value: string];

/** The rows that differ, old and new; those of one side only have nothing on the other. */
export function differing(before: readonly Row[], after: readonly Row[]) {
  const [was, is] = [new Map(before), new Map(after)];
  return [...new Set([...was.keys(), ...is.keys()])]
    .filter((name) => was.get(name) !== is.get(name))
    .map((name) => ({ name, before: was.get(name) ?? "—", after: is.get(name) ?? "—" }));
}

/** What a write changes, old and new side by side (K1). */
export function Differences({ before, after }: { before: readonly Row[]; after: readonly Row[] }) {
  const texts = useParts();
  const rows = differing(before, after);
  if (rows.length === 0) return <p className="soft">{texts.nothingChanges}</p>;
  return (
    <Table
      caption={texts.change}
      rows={rows}
      keyOf={(row) => row.name}
      columns={[
        { id: "name", title: texts.what, head: true, cell: (row) => row.name },
        { id: "before", title: texts.before, cell: (row) => <span className="words">{row.before}</span> },
        { id: "after", title: texts.after, cell: (row) => <span className="words">{row.after}</span> },
      ]}
    />
  );
}
