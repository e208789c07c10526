/**
 * A name or a phone that was typed into another field than the members' own, on its way there. It is kept in this
 * page's memory until it is taken, and in no address (K8).
 */
let handed: string | null = null;

export function handOver(typed: string): void {
  handed = typed;
}

/** Takes it, once. */
export function takeHanded(): string | null {
  const typed = handed;
  handed = null;
  return typed;
}
