const MILLISECONDS_A_SECOND = 1000;
/** A response may be this old, and a clock this wrong, without anybody minding. */
const APART_SECONDS_MAX = 120;

let apartSeconds = 0;

/**
 * Sets the clock by the time at which a server answered. A laptop's local cloud is moved through time,
 * and the clock of a shopper's device may be wrong: a countdown that went by either would lie.
 */
export function setClock(servedAt: string | null): void {
  const served = servedAt === null ? Number.NaN : Date.parse(servedAt);
  if (Number.isNaN(served)) return;
  const apart = Math.round((served - Date.now()) / MILLISECONDS_A_SECOND);
  apartSeconds = Math.abs(apart) > APART_SECONDS_MAX ? apart : 0;
}

/** The seconds that the shop's clock is ahead of this device's. */
export function clockApartSeconds(): number {
  return apartSeconds;
}

/** The present moment by the shop's clock. */
export function now(): Date {
  return new Date(Date.now() + apartSeconds * MILLISECONDS_A_SECOND);
}
