import type { ExportAnswer, ExportRequest, paths } from "@shared/api/schema";
import { csv, download } from "@shared/csv";
import { useWords } from "@shared/i18n/i18n";
import { newId } from "@shared/ids";
import { useApi } from "@shared/session/context";
import { Facts, Id } from "@shared/ui/bits";
import { Button } from "@shared/ui/button";
import { type Column, Table } from "@shared/ui/table";
import { Write } from "@shared/ui/write";
import { useState } from "react";
import { useCan } from "../rights";
import { Will } from "./act";
import { useParts } from "./texts";

/** A column of a report, and what stands in its cells where it is exported; one without that is not. */
export interface ReportColumn<T> extends Column<T> {
  /** What the column is called there, if not by its title. */
  readonly heading?: string;
  readonly raw?: (row: T) => string | number;
}

/** What a table is of: the report as the API calls it, and the filters by which it was read. */
export interface Told {
  readonly report: paths["/reports/{report}/exports"]["post"]["parameters"]["path"]["report"];
  readonly filters?: Omit<ExportRequest, "request_id" | "rows">;
}

interface Taken<T> extends Told {
  caption: string;
  file: string;
  columns: readonly ReportColumn<T>[];
  rows: readonly T[];
}

/** A table of figures that can be taken along as CSV (K1, K5). */
export function Report<T>({ keyOf, ...taken }: Taken<T> & { keyOf: (row: T) => string }) {
  return (
    <div className="stack tight report">
      <Table caption={taken.caption} columns={taken.columns} rows={taken.rows} keyOf={keyOf} />
      <Export {...taken} />
    </div>
  );
}

export function Export<T>(taken: Taken<T>) {
  const texts = useParts();
  const can = useCan();
  // What is taken along is what stood there when the dialog opened, whatever is read anew meanwhile.
  const [open, setOpen] = useState<Taken<T> | null>(null);
  if (!can("export_report")) return null;
  return (
    <div className="row end">
      <Button small onPress={() => setOpen(taken)}>
        {texts.exportCsv}
      </Button>
      {open !== null && <TakeAlong taken={open} onClose={() => setOpen(null)} />}
    </div>
  );
}

/** Has an export recorded, and only then hands the file over: what leaves no record is not exported (K7). */
function TakeAlong<T>({ taken, onClose }: { taken: Taken<T>; onClose: () => void }) {
  const texts = useParts();
  const { number, exactly } = useWords();
  const { report, filters, caption, columns, rows } = taken;
  const [requestId] = useState(() => newId("export"));
  const record = useApi().useMutation("post", "/reports/{report}/exports");
  const file = `${taken.file}.csv`;
  return (
    <Write<ExportAnswer>
      title={texts.exportCsv}
      action={texts.exportDo}
      onClose={onClose}
      before={
        <Will>
          <p>{texts.exportWill(caption, number(rows.length), file)}</p>
        </Will>
      }
      write={async () => {
        const answer = await record.mutateAsync({
          params: { path: { report } },
          body: { request_id: requestId, rows: rows.length, ...filters },
        });
        download(file, csvOf(columns, rows));
        return answer;
      }}
      after={(answer) => (
        <>
          <p>{texts.exportDid(file, number(answer.rows))}</p>
          <Facts
            facts={[
              [
                texts.exportRecord,
                <Id key="e" of={texts.exportRecord}>
                  {answer.export_id}
                </Id>,
              ],
              [texts.at, exactly(answer.at)],
            ]}
          />
        </>
      )}
    />
  );
}

/** What is exported: the columns' titles, and the rows. */
export function csvOf<T>(columns: readonly ReportColumn<T>[], rows: readonly T[]): string {
  const told = columns.flatMap(({ title, heading = title, raw }) =>
    raw === undefined ? [] : [{ heading, raw }],
  );
  return csv([told.map((each) => each.heading), ...rows.map((row) => told.map((each) => each.raw(row)))]);
}
