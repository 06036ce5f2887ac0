// Dots with intervals, a line for each variant: what the ranking, the costs and the
// memory are drawn with.
import { d, short, figure, type Fig } from "../data";
import { belongs, fit, ink, Mark, tale } from "../marks";
import { useWidth } from "../plot";
import { domainOf, linear, log, tick, axisUnit } from "../scale";
import { shown } from "../state";
import type { Sheet } from "../figure";
import { num } from "../figure";

/** The figures of a metric at a setting, the best first. */
export function ranked(m: number, s: number): Fig[] {
  const all = d.whos.map((_, w) => figure(m, w, s)).filter((f): f is Fig => !!f);
  const sign = d.metrics[m].better.startsWith("more") ? -1 : 1;
  return all.sort((a, b) => (a.v === null ? 1 : 0) - (b.v === null ? 1 : 0) || sign * ((a.v ?? 0) - (b.v ?? 0)));
}

export function Rows({ m, s, groups }: { m: number; s: number; groups?: boolean }) {
  const [ref, width] = useWidth<HTMLDivElement>();
  const figs = ranked(m, s).filter((f) => shown(f.w));
  const metric = d.metrics[m];
  const narrow = width < 560;
  const names = narrow ? 8 : Math.min(Math.max(60, ...figs.map((f) => short[f.w].length * 8.1 + 16)), width * 0.36);
  const words = Math.max(60, ...figs.map((f) => (f.t.length + (groups && f.g ? f.g.length + 3 : 0)) * 7.4 + 14));
  const step = narrow ? 44 : 32, top = 8, drop = narrow ? 28 : 16;
  const height = top + figs.length * step + 40;
  const { domain, logs } = domainOf(figs.flatMap((f) => [f.v, f.lo, f.hi, ...(f.x ?? [])]));
  const left = names + 8, right = Math.max(left + 60, width - words);
  const x = (logs ? log : linear)(domain, [left, right]);
  const bottom = top + figs.length * step;
  return (
    <div class="plot" ref={ref}>
      {width > 0 && <svg width={width} height={height} viewBox={`0 0 ${width} ${height}`} role="img" aria-label={summary(figs, metric.head, d.settings[s]?.name)}>
        <g class="grid">{x.ticks(Math.max(2, (right - left) / 80)).map((v) => <line x1={x(v)} x2={x(v)} y1={top} y2={bottom} />)}</g>
        <g class="axis">
          <line class="base" x1={left} x2={right} y1={bottom} y2={bottom} />
          {x.ticks(Math.max(2, (right - left) / 80)).map((v) => <text x={x(v)} y={bottom + 16} text-anchor="middle">{tick(v, metric.unit, x)}</text>)}
          <text class="title" x={right} y={bottom + 33} text-anchor="end">{[metric.better, axisUnit(metric.unit)].filter(Boolean).join(", ")}{logs ? " (logarithmic)" : ""}</text>
        </g>
        {figs.map((f, i) => {
          const y = top + i * step + drop;
          return <g key={f.w} {...belongs(f.w)}>
            <text class="name" x={narrow ? 8 : names} y={narrow ? y - 16 : y} dy="0.35em" text-anchor={narrow ? "start" : "end"} style={{ fill: ink(f.w) }}>
              {fit(short[f.w], (narrow ? width : names) * 0.95)}<title>{tale(f)}</title></text>
            {(f.x ?? []).map((v) => v !== null && <circle class="round" cx={x(v)} cy={y} r="2.6" style={{ fill: ink(f.w) }} />)}
            {f.lo !== null && f.hi !== null && <path class="whisker" d={`M${x(f.lo)},${y}H${x(f.hi)}M${x(f.lo)},${y - 5}v10M${x(f.hi)},${y - 5}v10`} style={{ stroke: ink(f.w) }} />}
            {f.v !== null && <Mark w={f.w} x={x(f.v)} y={y} r={5.5} hollow={f.open || d.whos[f.w].bound} label={tale(f)} />}
            <text class="value" x={right + 12} y={y} dy="0.35em">{f.t}{groups && f.g && <tspan class="group" dx="8">{f.g}</tspan>}</text>
          </g>;
        })}
      </svg>}
    </div>
  );
}

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
