import { encode } from "uqr";

const QUIET = 4;

/** A code to scan, drawn here: black on white in either theme, or no camera would read it. */
export function Qr({ value, label }: { value: string; label: string }) {
  const { data, size } = encode(value, { border: QUIET });
  const path = data.flatMap((row, y) => row.map((dark, x) => (dark ? `M${x} ${y}h1v1h-1z` : ""))).join("");
  return (
    <svg
      className="qr"
      viewBox={`0 0 ${size} ${size}`}
      role="img"
      aria-label={label}
      shapeRendering="crispEdges"
    >
      <rect width={size} height={size} fill="#fff" />
      <path d={path} fill="#000" />
    </svg>
  );
}
