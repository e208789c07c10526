import { expect, test } from "vitest";
import { beginningOf, dateAt, day, exactly, left, moment, rfc3339 } from "./time";

const SHANGHAI = "Asia/Shanghai";

test("K3 a moment is shown in store time, wherever the reader is", () => {
  expect(moment("2026-12-09T16:30:00Z", "zh-CN", SHANGHAI)).toBe("2026年12月10日 00:30");
  expect(moment("2026-12-10T09:30:00+08:00", "en", SHANGHAI)).toBe("Dec 10, 2026, 09:30");
  expect(exactly("2026-12-10T09:30:07+08:00", "zh-CN", SHANGHAI)).toBe("2026年12月10日 09:30:07");
});

test("K3 a day without a time is that day in every zone", () => {
  expect(day("2026-12-10", "zh-CN", "America/New_York")).toBe("2026年12月10日");
  expect(day("2026-12-09T16:00:00Z", "en", SHANGHAI)).toBe("Dec 10, 2026");
});

test("K3 a store's day begins at its midnight, with its offset", () => {
  expect(beginningOf("2026-12-10", SHANGHAI)).toBe("2026-12-10T00:00:00+08:00");
  expect(beginningOf("2026-07-01", "America/New_York")).toBe("2026-07-01T00:00:00-04:00");
  expect(beginningOf("2026-03-08", "America/New_York")).toBe("2026-03-08T00:00:00-05:00");
});

test("K3 moments go out in whole seconds of store time", () => {
  expect(rfc3339(new Date("2026-12-31T16:00:00.900Z"), SHANGHAI)).toBe("2027-01-01T00:00:00+08:00");
  expect(dateAt(new Date("2026-12-31T15:59:59Z"), SHANGHAI)).toBe("2026-12-31");
});

test("K2 what is left is counted in whole units, and ends at zero", () => {
  const until = new Date("2026-12-10T00:00:00+08:00");
  expect(left(until, new Date("2026-12-07T22:58:57+08:00"))).toEqual({
    days: 2,
    hours: 1,
    minutes: 1,
    seconds: 3,
    over: false,
  });
  expect(left(until, new Date("2026-12-11T00:00:00+08:00")).over).toBe(true);
});
