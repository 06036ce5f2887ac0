// One metric over a numeric factor, a line for each variant: its interval as a band,
// its rounds as dots.
import type { ComponentChildren } from "preact";
import { d, short, figure, type Fig, type Sweep } from "../data";
import { belongs, dash, EndTags, fit, ink, Mark, tale } from "../marks";
import { path, Plot, type Inside } from "../plot";
import { domainOf } from "../scale";
import { shown } from "../state";

/** How a line runs between two levels, where nothing was measured: straight in its own values ("values"); straight in what a
 * request costs, which is their inverse ("costs"); straight in the logarithms of both ("logs"). Without it, straight on the page. */
export type Course = "values" | "costs" | "logs";

export interface Line { w: number; points: { x: number; f: Fig }[] }

export function linesOf(sw: Sweep, m: number): Line[] {
  return d.whos.map((_, w) => ({
    w, points: sw.settings.map((s, i) => ({ x: sw.levels[i], f: figure(m, w, s)! })).filter((p) => p.f && p.f.v !== null && p.f.s >= 0),
  })).filter((l) => l.points.length);
}

interface Props {
  id: string; m: number; lines: Line[]; xTitle: string; xUnit?: string; levels: number[];
  height?: number; names?: boolean; straight?: boolean; far?: number; width?: number; title?: string;
  also?: (inside: Inside) => ComponentChildren; // drawn beneath
  bounds?: number[]; // that the axis must show
  course?: Course;
  loose?: boolean; // marks and intervals alone: something else is the line
}

export function Lines({ id, m, lines, xTitle, xUnit, levels, height, names = true, straight, far, also, bounds = [], course, loose, title }: Props) {
  const metric = d.metrics[m];
  const seen = lines.filter((l) => shown(l.w));
  const y = domainOf([...bounds, ...seen.flatMap((l) => l.points.flatMap((p) => [p.f.v, p.f.lo, p.f.hi, ...(p.f.x ?? [])]))], far);
  const lo = Math.min(...levels), hi = Math.max(...levels);
  const logs = !straight && lo > 0 && hi / lo >= 10;
  return <Plot id={id} height={height} names={names ? seen.map((l) => short[l.w]) : undefined} label={label(metric.head, xTitle, seen)}
    x={{ domain: logs ? [lo, hi] : [Math.min(0, lo), hi], logs, title: xTitle, unit: xUnit, ticks: levels.length <= 8 ? levels : undefined }}
    y={{ domain: y.domain, logs: y.logs, unit: metric.unit, title: title ?? metric.head.split(",")[0] }}
    beside={names ? (inside) => <Names lines={seen} inside={inside} /> : undefined}>
    {(inside) => <>
      {also?.(inside)}
      {seen.map((l) => <OneLine key={l.w} line={l} inside={inside} course={course} loose={loose} />)}
    </>}
  </Plot>;
}

function OneLine({ line: { w, points }, inside, course, loose }: { line: Line; inside: Inside; course?: Course; loose?: boolean }) {
  const { x, y } = inside, along = (ps: Line["points"], of: (f: Fig) => number) => walk(ps.map((p) => [p.x, of(p.f)]), inside, course);
  const banded = points.filter((p) => p.f.lo !== null && p.f.hi !== null);
  const band = loose ? "" : stretches(points).map((all) =>
    path([...along(all, (f) => f.hi!), ...along(all, (f) => f.lo!).toReversed()]) + "z").join("");
  const many = points.length > 30;
  return <g {...belongs(w)}>
    {band && <path class="band" d={band} style={{ fill: ink(w) }} />}
    {!many && points.flatMap((p) => (p.f.x ?? []).map((v) => v !== null && <circle class="round" cx={x(p.x)} cy={y(v)} r="2" style={{ fill: ink(w) }} />))}
    {loose && banded.map((p) => <line class="whisker" x1={x(p.x)} x2={x(p.x)} y1={y(p.f.lo!)} y2={y(p.f.hi!)} style={{ stroke: ink(w) }} />)}
    {!loose && <path class="line" d={path(along(points, (f) => f.v!))} style={{ stroke: ink(w) }} stroke-dasharray={dash(w)} />}
    {points.map((p) => <Mark w={w} x={x(p.x)} y={y(p.f.v!)} r={many ? 2.6 : 4.2} hollow={p.f.open || d.whos[w].bound} label={tale(p.f)} />)}
  </g>;
}

const steps = 24; // that a bent stretch between two levels is drawn in

/** Points as they are drawn, with those between them where the stretch is straight in other values than the axes'. */
function walk(points: [number, number][], { x, y }: Inside, course?: Course): [number, number][] {
  return points.flatMap(([x1, v1], i): [number, number][] => {
    const end: [number, number] = [x(x1), y(v1)];
    if (i === 0 || !course) return [end];
    const [x0, v0] = points[i - 1], above = Math.min(v0, v1) > 0, logs = course === "logs" && above && x0 > 0;
    const at = (n: number) => {
      if (logs) return v0 * (v1 / v0) ** (Math.log(n / x0) / Math.log(x1 / x0));
      const t = (n - x0) / (x1 - x0);
      return course === "costs" && above ? 1 / ((1 - t) / v0 + t / v1) : (1 - t) * v0 + t * v1;
    };
    const between = Array.from({ length: steps - 1 }, (_, k): [number, number] => {
      const share = (k + 1) / steps, n = x.log && x0 > 0 ? x0 * (x1 / x0) ** share : x0 + (x1 - x0) * share;
      return [x(n), y(at(n))];
    });
    return [...between, end];
  });
}

/** The runs of points that have an interval. */
function stretches(points: Line["points"]): Line["points"][] {
  const all: Line["points"][] = [[]];
  for (const p of points) {
    if (p.f.lo !== null && p.f.hi !== null) all.at(-1)!.push(p);
    else all.push([]);
  }
  return all.filter((s) => s.length > 1);
}

function Names({ lines, inside: { x, y, right, top, bottom, width } }: { lines: Line[]; inside: Inside }) {
  const tags = lines.flatMap((l) => {
    const last = l.points.filter((p) => p.x <= x.domain[1] * 1.0001).at(-1);
    return last ? [{ w: l.w, y: Math.max(top, Math.min(bottom, y(last.f.v!))), text: fit(short[l.w], width - right - 12) }] : [];
  });
  return <EndTags x={right} tags={tags} top={top} bottom={bottom} />;
}

function label(head: string, over: string, lines: Line[]): string {
  const few = lines.slice(0, 6).map((l) => `${d.whos[l.w].name} from ${l.points[0].f.t} to ${l.points.at(-1)!.f.t}`);
  return `${head}, over ${over}. ${few.join("; ")}${lines.length > 6 ? `; and ${lines.length - 6} more` : ""}.`;
}
