import type { ReactNode } from "react";

/** One figure, large. */
export function Figure({ name, value, under }: { name: string; value: ReactNode; under?: ReactNode }) {
  return (
    <div className="figure">
      <span className="soft small-text">{name}</span>
      <span className="value">{value}</span>
      {under !== undefined && <span className="soft small-text">{under}</span>}
    </div>
  );
}
