import { expect, test } from "vitest";
import { soughtIn as orderSoughtIn } from "../orders/search";
import { soughtIn } from "./search";

test.each([
  ["3F1B0C52-7f0e-4a43-9a0c-6f4b2f0e1d77", { member_id: "3f1b0c52-7f0e-4a43-9a0c-6f4b2f0e1d77" }],
  ["+86 138-0013-8000", { phone: "+86 138-0013-8000" }],
  ["１３８００１３８０００", { phone: "13800138000" }],
  ["王", { name_prefix: "王" }],
  ["O'Brien 2", { name_prefix: "O'Brien 2" }],
  ["12", { name_prefix: "12" }],
  ["  ", null],
])("K8 %j is sought as %j", (typed, sought) => {
  expect(soughtIn(typed)).toEqual(sought);
});

test.each([
  ["ord_p75c5fxkauzvepi5vqrmqmnh4a", "order"],
  ["3f1b0c52-7f0e-4a43-9a0c-6f4b2f0e1d77", "member"],
  ["wechatpay:4200001234202612100000000001", "payment"],
  ["pay-2", "payment"],
  ["SF1234567890", "tracking"],
])("K8 an order is sought by %j as its %s", (typed, sought) => {
  expect(orderSoughtIn(typed)).toBe(sought);
});
