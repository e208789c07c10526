/** What an adjustment leaves; what is added pays a debt first (E4, E8). Null where it would be refused. */
export function adjusted(
  { available, debt }: { available: number; debt: number },
  points: number,
): { available: number; debt: number } | null {
  if (points < 0) return available + points < 0 ? null : { available: available + points, debt };
  const paid = Math.min(debt, points);
  return { available: available + points - paid, debt: debt - paid };
}
