/**
 * A new id for something that is sent: it is made before the first try and kept with the contents, so that
 * sending again is the same request (R1).
 */
export function newId(of: string): string {
  return `${of}-${crypto.randomUUID()}`;
}
