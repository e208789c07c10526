import { cleanup, screen } from "@testing-library/react";
import { userEvent } from "@testing-library/user-event";
import { afterEach, expect, test, vi } from "vitest";
import { Problem } from "../api/problem";
import { TextField } from "./fields";
import { shown } from "./test-frame";
import { Write } from "./write";

afterEach(cleanup);

function dialog(write: () => Promise<string>, ready = true) {
  const onClose = vi.fn();
  shown(
    <Write
      title="发货"
      action="确认发货"
      ready={ready}
      before={<p>将把订单标为已发货</p>}
      write={write}
      after={(id) => <p>{id}</p>}
      onClose={onClose}
    />,
  );
  return onClose;
}

test("K1 a write shows what it will do, and after that what it did, with the id", async () => {
  const onClose = dialog(() => Promise.resolve("ship-1"));
  expect(screen.getByText("将把订单标为已发货")).toBeTruthy();
  expect(screen.queryByText("ship-1")).toBeNull();
  await userEvent.click(screen.getByRole("button", { name: "确认发货" }));
  expect(await screen.findByText("ship-1")).toBeTruthy();
  expect(screen.queryByRole("button", { name: "确认发货" })).toBeNull();
  await userEvent.click(screen.getByRole("button", { name: "完成" }));
  expect(onClose).toHaveBeenCalledOnce();
});

test("K3 a write that is refused says what to do by its code, and can be tried again", async () => {
  const write = vi
    .fn<() => Promise<string>>()
    .mockRejectedValueOnce(new Problem(409, "order_not_shippable"))
    .mockResolvedValue("ship-1");
  dialog(write);
  await userEvent.click(screen.getByRole("button", { name: "确认发货" }));
  expect((await screen.findByRole("alert")).textContent).toContain("不能发货");
  await userEvent.click(screen.getByRole("button", { name: "确认发货" }));
  expect(await screen.findByText("ship-1")).toBeTruthy();
  expect(screen.queryByRole("alert")).toBeNull();
});

test("R1 a write that waits is not begun again", async () => {
  let finish: (id: string) => void = () => undefined;
  const write = vi.fn(
    () =>
      new Promise<string>((resolve) => {
        finish = resolve;
      }),
  );
  dialog(write);
  await userEvent.click(screen.getByRole("button", { name: "确认发货" }));
  await userEvent.click(screen.getByRole("button", { name: "处理中…" }));
  expect(write).toHaveBeenCalledOnce();
  finish("ship-1");
  expect(await screen.findByText("ship-1")).toBeTruthy();
});

test("K1 a write that lacks something cannot be begun", async () => {
  const write = vi.fn(() => Promise.resolve("x"));
  dialog(write, false);
  await userEvent.click(screen.getByRole("button", { name: "确认发货" }));
  expect(write).not.toHaveBeenCalled();
});

test("K3 what the API says of a field stands at the field, in the page's language, and under its label", async () => {
  const errors = [{ field: "carrier.name", message: "must have at most 100 characters" }];
  const write = () => Promise.reject(new Problem(422, "invalid_request", { errors }));
  shown(
    <Write
      title="发货"
      action="确认发货"
      labels={{ carrier: "快递公司" }}
      before={(faults) => (
        <TextField label="快递公司" value="x" onChange={() => undefined} wrong={faults.of("carrier")} />
      )}
      write={write}
      after={() => null}
      onClose={() => undefined}
    />,
  );
  const field = screen.getByRole("textbox", { name: "快递公司" });
  expect(field.getAttribute("aria-invalid")).toBeNull();
  await userEvent.click(screen.getByRole("button", { name: "确认发货" }));
  expect((await screen.findByRole("alert")).textContent).toContain("快递公司 最多 100 个字");
  expect(field.getAttribute("aria-invalid")).toBe("true");
  expect(screen.getAllByText(/最多 100 个字/).length).toBe(2);
});

test("K3 a button that waits says what for", () => {
  shown(
    <Write
      title="新建"
      action="新建"
      ready={false}
      missing={["名称", "原价"]}
      before={null}
      write={() => Promise.resolve("x")}
      after={() => null}
      onClose={() => undefined}
    />,
  );
  expect(screen.getByText("还需填写或改正：名称和原价")).toBeTruthy();
});

test("K1 a refusal may say where to go from there", async () => {
  shown(
    <Write
      title="新建"
      action="保存"
      before={null}
      refused={(problem) => (problem.code === "conflict" ? <a href="/there">现有的</a> : null)}
      write={() => Promise.reject(new Problem(409, "conflict"))}
      after={() => null}
      onClose={() => undefined}
    />,
  );
  await userEvent.click(screen.getByRole("button", { name: "保存" }));
  expect(await screen.findByRole("link", { name: "现有的" })).toBeTruthy();
});
