/** What somebody may do, as the API's document says of each operation. What a role may not do it does not see (K7). */
import { RIGHTS, type Right } from "@shared/api/rights";
import { useUser } from "@shared/session/context";
import { may, type Role, type User } from "@shared/session/session";

export type { Right };

/** Whether the API would let somebody do one of these. */
export function can(user: User | null, ...rights: readonly Right[]): boolean {
  return rights.some((right) => may(user, ...(RIGHTS[right] as readonly Role[])));
}

/** Asks what the reader may do. */
export function useCan(): (...rights: readonly Right[]) => boolean {
  const user = useUser();
  return (...rights) => can(user, ...rights);
}
