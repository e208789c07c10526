import { expect, test } from "vitest";
import { momentOf, wallOf } from "./wall";

test.each([
  ["2026-12-11T00:00:00+08:00", "2026-12-11T00:00"],
  ["2026-12-31T15:59:59Z", "2026-12-31T23:59:59"],
])("K3 the moment %s is %s in the store, and the same moment again", (moment, wall) => {
  expect(wallOf(moment, "Asia/Shanghai")).toBe(wall);
  const again = momentOf(wall, "Asia/Shanghai");
  expect(new Date(again ?? "")).toEqual(new Date(moment));
  expect(again).toMatch(/\+08:00$/);
});

test("K3 a moment has the offset of its own day", () => {
  expect(momentOf("2026-07-01T09:00", "Europe/Berlin")).toBe("2026-07-01T09:00:00+02:00");
  expect(momentOf("2026-03-29T03:30", "Europe/Berlin")).toBe("2026-03-29T03:30:00+02:00");
  expect(momentOf("2026-12-01T09:00", "Europe/Berlin")).toBe("2026-12-01T09:00:00+01:00");
});

test.each(["", "2026-12-11", "2026-13-41T00:00", "tomorrow"])("K3 %j is no moment", (typed) => {
  expect(momentOf(typed, "Asia/Shanghai")).toBeNull();
});
