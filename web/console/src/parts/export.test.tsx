import { Problem } from "@shared/api/problem";
import type { Role } from "@shared/session/session";
import { shown } from "@shared/ui/test-frame";
import { act, cleanup, screen } from "@testing-library/react";
import { userEvent } from "@testing-library/user-event";
import { useState } from "react";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { monthOf } from "./days";
import { Export } from "./report";

const { record, download, held } = vi.hoisted(() => ({
  record: vi.fn(),
  download: vi.fn(),
  held: new Set<Role>(),
}));
vi.mock("@shared/session/context", () => ({
  useApi: () => ({ useMutation: () => ({ mutateAsync: record }) }),
  useUser: () => ({ memberId: "m", name: "n", roles: held }),
}));
vi.mock("@shared/csv", async (original) => ({
  ...(await original<typeof import("@shared/csv")>()),
  download,
}));

const ANSWER = { export_id: "aud_1", report: "sales", rows: 1, at: "2026-12-03T20:16:00+08:00" };
const COLUMNS = [{ id: "who", title: "谁", cell: () => null, raw: (row: string) => row }];

let readAnew: () => void = () => undefined;

function Page() {
  const [rows, setRows] = useState(["=1+1"]);
  readAnew = () => setRows(["another", "and one more"]);
  return (
    <Export
      report="sales"
      filters={{ from: "2026-11-04", until: "2026-12-03" }}
      caption="销售"
      file="sales"
      columns={COLUMNS}
      rows={rows}
    />
  );
}

beforeEach(() => {
  held.clear();
  held.add("finance");
});
afterEach(() => {
  cleanup();
  record.mockReset();
  download.mockReset();
});

test("K7 no file is handed over before its record is kept, and it is of what was asked for", async () => {
  shown(<Page />);
  record.mockRejectedValueOnce(new Problem(503, "try_again"));
  await userEvent.click(screen.getByRole("button", { name: "导出 CSV" }));
  expect(screen.getByText(/1 行导出为 sales\.csv/)).toBeTruthy();
  expect(record).not.toHaveBeenCalled();
  await userEvent.click(screen.getByRole("button", { name: "记录并导出" }));
  expect(await screen.findByRole("alert")).toBeTruthy();
  expect(download).not.toHaveBeenCalled();

  const refused = record.mock.lastCall?.[0].body.request_id;
  expect(refused).toMatch(/^export-/);
  act(() => readAnew());
  record.mockReset();
  record.mockImplementation((sent) => {
    expect(download).not.toHaveBeenCalled();
    return Promise.resolve({ ...ANSWER, rows: sent.body.rows });
  });
  await userEvent.click(screen.getByRole("button", { name: "记录并导出" }));
  expect(await screen.findByText("aud_1")).toBeTruthy();
  expect(screen.getByText("已导出 sales.csv，共 1 行。")).toBeTruthy();
  expect(record).toHaveBeenCalledExactlyOnceWith({
    params: { path: { report: "sales" } },
    body: {
      request_id: refused,
      rows: 1,
      from: "2026-11-04",
      until: "2026-12-03",
    },
  });
  expect(download).toHaveBeenCalledExactlyOnceWith("sales.csv", "\uFEFF谁\r\n'=1+1\r\n");
});

test("R1 an export that is tried again is the same request, and the next one is another", async () => {
  shown(<Page />);
  for (let time = 0; time < 2; time += 1) {
    record.mockRejectedValueOnce(new Problem(503, "try_again")).mockResolvedValue(ANSWER);
    await userEvent.click(screen.getByRole("button", { name: "导出 CSV" }));
    await userEvent.click(screen.getByRole("button", { name: "记录并导出" }));
    await screen.findByRole("alert");
    await userEvent.click(screen.getByRole("button", { name: "记录并导出" }));
    await userEvent.click(await screen.findByRole("button", { name: "完成" }));
  }
  const ids = record.mock.calls.map(([sent]) => sent.body.request_id);
  expect(ids).toEqual([ids[0], ids[0], ids[2], ids[2]]);
  expect(ids[0]).not.toBe(ids[2]);
});

test("K7 who may not export has no button for it", () => {
  held.clear();
  held.add("marketing");
  shown(<Page />);
  expect(screen.queryByRole("button")).toBeNull();
});

test("K7 the days of a month are said as the export's filters", () => {
  expect(monthOf("2026-12")).toEqual({ from: "2026-12-01", until: "2026-12-31" });
  expect(monthOf("2028-02")).toEqual({ from: "2028-02-01", until: "2028-02-29" });
});
