/** Which ways to pay a browser has: by a page of the provider's, or by a code that a phone scans. */

/** Those whose methods need neither an app's own id of the payer nor scripts from elsewhere. */
export const PROVIDERS = ["alipay", "wechatpay"] as const;
export type Provider = (typeof PROVIDERS)[number];

/** A small screen that is touched: the providers' apps are on it. A large one, touched or not, shows a code. */
const PHONE = "(pointer: coarse) and (max-width: 48rem)";

export function isPhone(): boolean {
  return window.matchMedia(PHONE).matches;
}

/** What a provider is asked for: on a phone the page that opens its app, else its page for computers, or a code. */
export function methodFor(provider: Provider, phone: boolean): string {
  if (!phone) return "default";
  return provider === "alipay" ? "wap" : "h5";
}

/** The provider's method that shows a code, for another device to scan. */
export function byCode(provider: Provider): string {
  return provider === "alipay" ? "qr" : "default";
}

/** How the page where a provider sends the shopper back to says so. */
export const CAME_BACK = "came-back";
/** Where the browser keeps which order is being paid, for when the provider sends the shopper back. */
const PAYING = "memberday.paying";

export function orderBeingPaid(): string | null {
  return window.sessionStorage.getItem(PAYING);
}

export function keepBeingPaid(orderId: string): void {
  window.sessionStorage.setItem(PAYING, orderId);
}
