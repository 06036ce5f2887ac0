// Figures of one metric at one setting, a line for each variant: the ranking, the
// costs, the memory.
import { d, short, figure, type Fig } from "../data";
import { tale } from "../marks";
import { num, type Sheet } from "../figure";
import { Dots, rangeOf, type Dot } from "./dots";

/** The figures of a metric at a setting, the best first. */
export function ranked(m: number, s: number): Fig[] {
  const all = d.whos.map((_, w) => figure(m, w, s)).filter((f): f is Fig => !!f);
  const sign = d.metrics[m].better.startsWith("more") ? -1 : 1;
  return all.sort((a, b) => (a.v === null ? 1 : 0) - (b.v === null ? 1 : 0) || sign * ((a.v ?? 0) - (b.v ?? 0)));
}

const dotsOf = (m: number, s: number, groups?: boolean): Dot[] => ranked(m, s).map((f) => ({
  w: f.w, name: short[f.w], v: f.v, lo: f.lo, hi: f.hi, x: f.x, t: f.t, tale: tale(f),
  hollow: f.open || d.whos[f.w].bound, more: f.open && d.metrics[m].better.startsWith("more"),
  aside: d.whos[f.w].bound ? "bound" : groups ? f.r : undefined, group: groups && !d.whos[f.w].bound ? f.g : undefined,
}));

export function Rows({ id, m, s, groups }: { id: string; m: number; s: number; groups?: boolean }) {
  const metric = d.metrics[m], dots = dotsOf(m, s, groups);
  return <Dots id={id} dots={dots} unit={metric.unit} title={metric.better} label={summary(ranked(m, s), metric.head, d.settings[s]?.name)} />;
}

/** The stretch of the axis of Rows. */
export const rowsRange = (m: number, s: number) => rangeOf(dotsOf(m, s));

function summary(figs: Fig[], head: string, at?: string): string {
  const few = figs.slice(0, 6).map((f) => `${d.whos[f.w].name} ${f.t}`).join("; ");
  return `${head}${at ? ", " + at : ""}. ${few}${figs.length > 6 ? `; and ${figs.length - 6} more` : ""}.`;
}

/** All figures of some metrics, at every setting. */
export function figureSheet(metrics: number[]): Sheet {
  const head = ["subject", ...d.factors.map((f) => f.name), "metric", "value", "from", "to", "interval", "rounds", "rank", "grade", "unit", "values of the rounds"];
  const rows = d.figures.filter((f) => metrics.includes(f.m)).map((f) => [
    d.whos[f.w].name, ...d.factors.map((_, i) => d.settings[f.s]?.levels[i] ?? ""), d.metrics[f.m].key,
    num(f.t, f.v), num(f.lo === null ? "–" : String(f.lo), f.lo), num(f.hi === null ? "–" : String(f.hi), f.hi), f.i,
    num(String(f.n), f.n), f.r ?? "", f.q, d.metrics[f.m].unit, (f.x ?? []).map((v) => v ?? "–").join(" "),
  ]);
  return { head, rows };
}
