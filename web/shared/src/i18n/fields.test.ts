import { expect, test } from "vitest";
import { fieldMessage } from "./fields";
import { fieldMessages } from "./fields.zh";

test.each([
  ["is needed", "必填"],
  ["must be at least 1", "最小为 1"],
  ["must be from 2010-01-01 to 9998-12-31", "请填写 2010-01-01 到 9998-12-31 之间的日期"],
  ["must be of J0, J1, J2", "只能从这些中选：J0、J1、J2"],
  ["must be on_sale or withdrawn", "只能是 on_sale 或 withdrawn"],
  ["must be one of a, b, c", "只能是其中之一：a、b、c"],
  ["is needed, or count alone", "必填，或只填数量"],
  ["must be a whole number, or must be one of best, none", "请填写整数，或只能是其中之一：best、none"],
  ["from the future", "格式不对"],
])("K3 the API's message %j is said as %j", (english, chinese) => {
  expect(fieldMessage(english, "zh-CN")).toBe(chinese);
  expect(fieldMessage(english, "en")).toBe(english);
});

test("K3 no message with a figure is taken for another one", () => {
  for (const [english, chinese] of Object.entries(fieldMessages)) {
    const told = fieldMessage(english.replaceAll("{}", "7"), "zh-CN");
    expect(told).toBe(chinese.replaceAll("{}", "7"));
  }
});
