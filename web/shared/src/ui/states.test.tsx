import { cleanup, screen } from "@testing-library/react";
import { userEvent } from "@testing-library/user-event";
import { afterEach, expect, test, vi } from "vitest";
import { Problem } from "../api/problem";
import { ProblemWords } from "../i18n/problem-words";
import { Answered, Failure } from "./states";
import { Table } from "./table";
import { shown } from "./test-frame";

afterEach(cleanup);

const none = { data: undefined, error: null, isPending: false, refetch: () => undefined };

test("K3 while an answer is on its way that is said, once", () => {
  shown(<Answered query={{ ...none, isPending: true }}>{() => "x"}</Answered>);
  expect(screen.getByRole("status").textContent).toBe("正在加载");
});

test("K7 what is not for the reader's role says so, and does not offer to try again", () => {
  shown(<Answered query={{ ...none, error: new Problem(403, "forbidden") }}>{() => "x"}</Answered>);
  expect(screen.getByText("没有权限")).toBeTruthy();
  expect(screen.queryByRole("button")).toBeNull();
});

test("K3 a failure says what to do in the page's language, with code, fields and request", async () => {
  const headers = new Headers({ "x-request-id": "req-7" });
  const errors = [{ field: "lines.0.quantity", message: "must be at least 1" }];
  const again = vi.fn();
  shown(<Failure error={new Problem(422, "invalid_request", { errors }, headers)} again={again} />, "en");
  const { textContent } = screen.getByRole("alert");
  for (const said of ["Mend what is marked", "invalid_request", "lines.0.quantity", "req-7"])
    expect(textContent).toContain(said);
  await userEvent.click(screen.getByRole("button", { name: "Try again" }));
  expect(again).toHaveBeenCalledOnce();
});

test("K3 fields are called as the form calls them, and products that are the reason by their numbers", () => {
  const errors = [{ field: "lines.0.quantity", message: "must be at least 1" }];
  const problem = new Problem(422, "unknown_sku", { errors, skus: ["no-such-tea"] });
  shown(
    <ProblemWords value={{ unknown_sku: "目录里没有这些商品。" }}>
      <Failure error={problem} labels={{ lines: "商品" }} />
    </ProblemWords>,
  );
  const { textContent } = screen.getByRole("alert");
  for (const said of ["目录里没有这些商品。", "no-such-tea", "商品 最小为 1"])
    expect(textContent).toContain(said);
});

test("K3 a code that no version of this page knew is a failure all the same", () => {
  shown(<Failure error={new Problem(409, "from_the_future" as "conflict")} />);
  expect(screen.getByRole("alert").textContent).toContain("意外的问题");
});

test("K3 each cell of a table says which column it is of, for when the rows are cards", () => {
  const columns = [
    { id: "sku", title: "商品", head: true, cell: (row: { sku: string }) => row.sku },
    { id: "count", title: "数量", end: true, cell: () => 2 },
  ];
  shown(<Table caption="商品" rows={[{ sku: "tea" }]} keyOf={(row) => row.sku} columns={columns} />);
  expect(screen.getByRole("rowheader").getAttribute("data-label")).toBe("商品");
  expect(screen.getByRole("cell").getAttribute("data-label")).toBe("数量");
});
