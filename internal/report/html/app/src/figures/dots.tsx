// A line for each of some things: a mark, its interval, its rounds, and what is
// printed of it. The ranking and whatever else is a value for each variant.
import type { ComponentChildren } from "preact";
import { belongs, fit, ink, Mark } from "../marks";
import { useDrag, useWidth } from "../plot";
import { axisUnit, domainOf, linear, log, tick } from "../scale";
import { shown, zoomOf } from "../state";

export interface Dot {
  w: number; // whose colour and mark it has; -1: nobody's
  name: string;
  v: number | null; lo: number | null; hi: number | null; x?: (number | null)[];
  t: string; // what is printed of it
  aside?: string; // and softly after that
  hollow?: boolean;
  more?: boolean; // the true value lies beyond
  tale: string;
  group?: string; // letters: those that share one cannot be told apart
  from?: number | null; to?: number | null; // a bracket, drawn thin
  head?: string; // stands above it: what follows is of another kind
}

interface Props {
  id: string; // whose zoom it follows
  dots: Dot[]; unit: string; title: string; label: string;
  far?: number; // how far apart values must lie for a logarithmic axis
  at?: number; // a line that means "the same", or "all"
  also?: (x: (v: number) => number, top: number, bottom: number) => ComponentChildren;
}

export const rangeOf = (dots: Dot[], at?: number, far?: number) =>
  domainOf([at, ...dots.flatMap((r) => [r.v, r.lo, r.hi, r.from, r.to, ...(r.x ?? [])])], far);

export function Dots({ id, dots, unit, title, label, far, at, also }: Props) {
  const [ref, width] = useWidth<HTMLDivElement>();
  const rows = dots.filter((r) => r.w < 0 || shown(r.w));
  const narrow = width < 560, letters = [...new Set(rows.flatMap((r) => [...(r.group ?? "")]))].sort()
    .filter((l) => rows.filter((r) => r.group?.includes(l)).length > 1);
  const lanes = lanesOf(rows, letters), many = 1 + Math.max(-1, ...lanes);
  const bars = many > mostLanes || narrow ? 0 : many * 11;
  const names = narrow ? 8 : Math.min(Math.max(60, ...rows.map((r) => r.name.length * 8.1 + 16)), width * 0.36);
  const words = Math.max(60, ...rows.map((r) => (r.t.length + (r.aside && !narrow ? r.aside.length + 2 : 0)) * 7.3 + 22)) + bars;
  const step = narrow ? 44 : rows.length > 16 ? 24 : 32, drop = narrow ? 28 : step / 2;
  const tops: number[] = [];
  let y = 8;
  for (const r of rows) { if (r.head) y += 30; tops.push(y); y += step; }
  const top = 8, bottom = y;
  const { domain, logs } = rangeOf(rows, at, far);
  const left = names + 8, right = Math.max(left + 60, width - words);
  const xs = (logs ? log : linear)(zoomOf(id) ?? domain, [left, right]);
  const { drag, on } = useDrag(id, () => xs, left, right);
  const inside = (v: number | null | undefined): v is number => v !== null && v !== undefined && v >= xs.domain[0] - 1e-9 && v <= xs.domain[1] * (1 + 1e-9);
  const held = (v: number) => xs(Math.max(xs.domain[0], Math.min(xs.domain[1], v)));
  const ticks = xs.ticks(Math.max(2, (right - left) / 80));
  return <div class="plot" ref={ref}>
    {width > 0 && <svg width={width} height={bottom + 40} viewBox={`0 0 ${width} ${bottom + 40}`} role="img" aria-label={label} {...on}>
      <g class="grid">{ticks.map((v) => <line x1={xs(v)} x2={xs(v)} y1={top} y2={bottom} />)}</g>
      <g class="axis">
        <line class="base" x1={left} x2={right} y1={bottom} y2={bottom} />
        {ticks.map((v) => <text x={xs(v)} y={bottom + 16} text-anchor="middle">{tick(v, unit, xs)}</text>)}
        <text class="title" x={narrow ? width - 4 : right} y={bottom + 33} text-anchor="end">{[title, axisUnit(unit)].filter(Boolean).join(", ")}{logs ? " (logarithmic)" : ""}</text>
      </g>
      {at !== undefined && inside(at) && <line class="same" x1={xs(at)} x2={xs(at)} y1={top} y2={bottom} />}
      {also?.(held, top, bottom)}
      <Bars rows={rows} letters={bars ? letters : []} lanes={lanes} x={right + words - bars} tops={tops} drop={drop} step={step} />
      {rows.map((r, i) => {
        const y = tops[i] + drop;
        return <g key={r.w + r.name} {...(r.w < 0 ? {} : belongs(r.w))}>
          {r.head && <text class="head" x={8} y={tops[i] - 10}>{r.head}</text>}
          <text class="name" x={narrow ? 8 : names} y={narrow ? y - 16 : y} dy="0.35em" text-anchor={narrow ? "start" : "end"} style={r.w < 0 ? undefined : { fill: ink(r.w) }}>
            {fit(r.name, narrow ? width - 8 * (r.aside?.length ?? 0) - 24 : names * 0.97)}<title>{r.tale}</title></text>
          {r.from != null && r.to != null && <line class="bracket" x1={held(r.from)} x2={held(r.to)} y1={y} y2={y} />}
          {(r.x ?? []).map((v) => inside(v) && <circle class="round" cx={xs(v)} cy={y} r="2.6" style={{ fill: r.w < 0 ? "var(--soft)" : ink(r.w) }} />)}
          {r.lo !== null && r.hi !== null && r.hi >= xs.domain[0] && r.lo <= xs.domain[1] &&
            <path class="whisker" d={`M${held(r.lo)},${y}H${held(r.hi)}${inside(r.lo) ? `M${xs(r.lo)},${y - 5}v10` : ""}${inside(r.hi) ? `M${xs(r.hi)},${y - 5}v10` : ""}`} style={{ stroke: r.w < 0 ? "var(--soft)" : ink(r.w) }} />}
          {inside(r.v) && r.more && <path class="more" d={`M${xs(r.v) + 9},${y}h12m-4,-4l4,4l-4,4`} style={{ stroke: ink(r.w) }} />}
          {inside(r.v) && (r.w < 0 ? <circle class="theirs" cx={xs(r.v)} cy={y} r="4.5"><title>{r.tale}</title></circle>
            : <Mark w={r.w} x={xs(r.v)} y={y} r={step < 30 ? 4.5 : 5.5} hollow={r.hollow} label={r.tale} />)}
          <text class="value" x={right + 12} y={y} dy="0.35em">{r.t}{r.aside && !narrow && <tspan class="group" dx="9">{r.aside}</tspan>}</text>
          {r.aside && narrow && <text class="value" x={width - 4} y={y - 16} dy="0.35em" text-anchor="end"><tspan class="group">{r.aside}</tspan></text>}
        </g>;
      })}
      {drag && <rect class="drag" x={Math.min(...drag)} y={top} width={Math.abs(drag[1] - drag[0])} height={bottom - top} />}
    </svg>}
  </div>;
}

const mostLanes = 8; // of bars side by side; of more, the letters alone are told

const membersOf = (rows: Dot[], letter: string) => rows.map((r, i) => (r.group?.includes(letter) ? i : -1)).filter((i) => i >= 0);

/** Where the bar of each letter stands: bars share a lane where they leave each other room. */
function lanesOf(rows: Dot[], letters: string[]): number[] {
  const ends: number[] = [];
  return letters.map((l) => {
    const has = membersOf(rows, l);
    let lane = ends.findIndex((e) => e < has[0]);
    if (lane < 0) lane = ends.length;
    ends[lane] = has[has.length - 1];
    return lane;
  });
}

/** For each letter a bar beside those that have it. */
function Bars({ rows, letters, lanes, x, tops, drop, step }: { rows: Dot[]; letters: string[]; lanes: number[]; x: number; tops: number[]; drop: number; step: number }) {
  return <g class="letters">{letters.map((l, k) => {
    const has = membersOf(rows, l), at = x + lanes[k] * 11 + 4, pad = Math.min(9, step / 2 - 4);
    return <g><line x1={at} x2={at} y1={tops[has[0]] + drop - pad} y2={tops[has[has.length - 1]] + drop + pad} />
      {has.map((i) => <circle cx={at} cy={tops[i] + drop} r="2.4" />)}
      <title>{`${l}: ${has.map((i) => rows[i].name).join(", ")}${has.length > 1 ? " cannot be told apart" : " is told from all others"}`}</title></g>;
  })}</g>;
}
