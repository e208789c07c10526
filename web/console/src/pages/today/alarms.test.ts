import { expect, test } from "vitest";
import { saysOf } from "./alarms";
import { ALARMS } from "./texts";

const failed = {
  alarm: "memberday-dev-shop-errors-2",
  says: "Failed or timed out: one of OrderJobs, ShopApi.",
};

test("K3 an alarm is said in the page's language, with what it may be about", () => {
  expect(saysOf(failed, ALARMS.zh)).toBe("函数失败或超时，可能是其中之一： OrderJobs, ShopApi");
  expect(saysOf({ alarm: "memberday-prod-jobs-overdue", says: "Late." }, ALARMS.zh)).toBe(
    "有任务没有按时完成。",
  );
});

test("an alarm that the page does not know yet is said as the stack says it", () => {
  expect(saysOf({ alarm: "memberday-dev-new-kind", says: "Something new." }, ALARMS.zh)).toBe(
    "Something new.",
  );
});

test("both languages have a sentence for the same alarms", () => {
  expect(Object.keys(ALARMS.en)).toEqual(Object.keys(ALARMS.zh));
});
