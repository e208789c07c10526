import { csv, download } from "@shared/csv";
import { Button } from "@shared/ui/button";
import { type Column, Table } from "@shared/ui/table";
import { useParts } from "./texts";

/** A column of a report, and what stands in its cells where it is exported; one without that is not. */
export interface ReportColumn<T> extends Column<T> {
  /** What the column is called there, if not by its title. */
  readonly heading?: string;
  readonly raw?: (row: T) => string | number;
}

/** A table of figures that can be taken along as CSV (K1, K5). */
export function Report<T>({
  caption,
  file,
  columns,
  rows,
  keyOf,
}: {
  caption: string;
  file: string;
  columns: readonly ReportColumn<T>[];
  rows: readonly T[];
  keyOf: (row: T) => string;
}) {
  return (
    <div className="stack tight report">
      <Table caption={caption} columns={columns} rows={rows} keyOf={keyOf} />
      <Export file={file} columns={columns} rows={rows} />
    </div>
  );
}

export function Export<T>({
  file,
  columns,
  rows,
}: {
  file: string;
  columns: readonly ReportColumn<T>[];
  rows: readonly T[];
}) {
  const texts = useParts();
  return (
    <div className="row end">
      <Button small onPress={() => download(`${file}.csv`, csvOf(columns, rows))}>
        {texts.exportCsv}
      </Button>
    </div>
  );
}

/** What is exported: the columns' titles, and the rows. */
export function csvOf<T>(columns: readonly ReportColumn<T>[], rows: readonly T[]): string {
  const told = columns.flatMap(({ title, heading = title, raw }) =>
    raw === undefined ? [] : [{ heading, raw }],
  );
  return csv([told.map((each) => each.heading), ...rows.map((row) => told.map((each) => each.raw(row)))]);
}
