/**
 * Charts, drawn by Recharts as SVG whose colours are the page's tokens. Every chart has its figures as a table
 * beneath it: that is what a screen reader reads, and what is copied.
 */
import {
  Bar,
  BarChart,
  CartesianGrid,
  Line,
  LineChart,
  ResponsiveContainer,
  Tooltip,
  XAxis,
  YAxis,
} from "recharts";
import { useCommon } from "../i18n/common";
import { Table } from "../ui/table";

export interface Series {
  readonly id: string;
  readonly label: string;
}

export interface Point {
  readonly label: string;
  readonly values: Readonly<Record<string, number>>;
}

const COLOURS = ["var(--chart-1)", "var(--chart-2)", "var(--chart-3)", "var(--chart-4)"] as const;
const HEIGHT = 240;
const BAR_WIDTH_MAX = 36;
const MARGIN = { top: 8, right: 8, bottom: 0, left: 8 };

export function Chart({
  title,
  kind = "bars",
  series,
  points,
  format,
  whole = false,
}: {
  title: string;
  kind?: "bars" | "lines";
  series: readonly Series[];
  points: readonly Point[];
  /** A figure as it is read: yuan, points, orders. */
  format: (value: number) => string;
  /** Whether it counts things: no axis says half an order then. */
  whole?: boolean;
}) {
  const { ui } = useCommon();
  const rows = points.map((each) => ({ label: each.label, ...each.values }));
  const axes = (
    <>
      <CartesianGrid vertical={false} stroke="var(--line-soft)" />
      <XAxis dataKey="label" tickLine={false} stroke="var(--line-strong)" />
      <YAxis width={72} allowDecimals={!whole} tickFormatter={format} tickLine={false} axisLine={false} />
      <Tooltip
        formatter={(value) => format(Number(value))}
        contentStyle={{ background: "var(--surface)", borderColor: "var(--line-soft)", color: "var(--ink)" }}
        cursor={{ fill: "var(--sunken)" }}
        isAnimationActive={false}
      />
    </>
  );
  return (
    <figure className="chart stack">
      <figcaption className="row apart">
        <span>{title}</span>
        <span className="row small-text">
          {series.map((each, index) => (
            <span key={each.id} className="row">
              <svg viewBox="0 0 8 8" className="icon" aria-hidden="true">
                <rect width="8" height="8" rx="2" fill={COLOURS[index % COLOURS.length] ?? COLOURS[0]} />
              </svg>
              {each.label}
            </span>
          ))}
        </span>
      </figcaption>
      <div aria-hidden="true">
        <ResponsiveContainer width="100%" height={HEIGHT}>
          {kind === "bars" ? (
            <BarChart data={rows} margin={MARGIN} accessibilityLayer={false}>
              {axes}
              {series.map((each, index) => (
                <Bar
                  key={each.id}
                  dataKey={each.id}
                  name={each.label}
                  maxBarSize={BAR_WIDTH_MAX}
                  fill={COLOURS[index % COLOURS.length] ?? COLOURS[0]}
                  isAnimationActive={false}
                />
              ))}
            </BarChart>
          ) : (
            <LineChart data={rows} margin={MARGIN} accessibilityLayer={false}>
              {axes}
              {series.map((each, index) => (
                <Line
                  key={each.id}
                  dataKey={each.id}
                  name={each.label}
                  stroke={COLOURS[index % COLOURS.length] ?? COLOURS[0]}
                  strokeWidth={2}
                  dot={false}
                  isAnimationActive={false}
                />
              ))}
            </LineChart>
          )}
        </ResponsiveContainer>
      </div>
      <details>
        <summary className="small-text">{ui.chartAs}</summary>
        <Table
          caption={title}
          rows={points}
          keyOf={(row) => row.label}
          columns={[
            { id: "label", title: "", cell: (row) => row.label, head: true },
            ...series.map((each) => ({
              id: each.id,
              title: each.label,
              cell: (row: Point) => format(row.values[each.id] ?? 0),
              end: true,
            })),
          ]}
        />
      </details>
    </figure>
  );
}
