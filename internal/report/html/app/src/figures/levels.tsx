import { d, page, primary, short, type Crossing, type Sweep } from "../data";
import { Choice, Figure, MetricPicker, metricChosen } from "../figure";
import { ink } from "../marks";
import { path } from "../plot";
import type { Scale } from "../scale";
import { choose, chosen, shown } from "../state";
import { Lines, linesOf } from "./lines";
import { figureSheet } from "./rows";

/** Sweeps over a factor that sets no rate, of enough levels for a curve. */
export const levelSweeps = (): Sweep[] => d.sweeps.filter((s) => !s.rate && s.levels.length >= 3);

export function SweepPicker({ id, of }: { id: string; of: Sweep[] }) {
  if (of.length < 2) return null;
  const i = chosen(id, "sweep", 0, of.length);
  return <Choice label="over" value={String(i)} choose={(v) => choose(id, "sweep", v)}
    of={of.map((s, k) => [String(k), s.factor + (s.others ? ` at ${s.others}` : "")])} />;
}

/** Who change places, beside the diamond and its interval: to the right, if there is room. */
function pairName(c: Crossing, x: Scale, left: number, right: number, y: number) {
  const from = Math.min(x(c.at!) - 8, x(c.lo ?? c.at!)), to = Math.max(x(c.at!) + 8, x(c.hi ?? c.at!));
  const text = `${short[c.a]}, ${short[c.b]}`, fits = to + 6 + text.length * 7 < right || from - left < right - to;
  return <text class="pair" x={fits ? to + 6 : from - 6} y={y} dy="0.35em" text-anchor={fits ? "start" : "end"}>{text}</text>;
}

/** The handler-work picture: the rate over what is asked, with its spread, and where two change places. */
export function Levels() {
  const id = "levels", all = levelSweeps();
  const sw = all[chosen(id, "sweep", 0, all.length)];
  const of = d.metrics.map((_, m) => m).filter((m) => linesOf(sw, m).length);
  const m = metricChosen(id, of, primary);
  const logs = Math.min(...sw.levels) > 0;
  const crossings = d.crossings.filter((c) => c.factor === sw.factor && c.others === sw.others && c.at !== null && shown(c.a) && shown(c.b));
  const fits = d.fits.filter((f) => f.metric === d.metrics[m].key && f.per && f.a !== null && f.factor === sw.factor && f.others === sw.others);
  return <Figure id={id} title={`${d.metrics[m].head.split(",")[0]} over ${sw.factor}` + (sw.others ? ` at ${sw.others}` : "")}
    range={[Math.min(...sw.levels), Math.max(...sw.levels)]} logs={logs}
    controls={<><SweepPicker id={id} of={all} /><MetricPicker id={id} of={of} usual={primary} /></>}
    table={() => figureSheet([m])}
    caption={<>{d.metrics[m].head}: {d.metrics[m].better}. Band: 95 % interval; dots: the rounds.
      {sw.work ? " Between two levels a line is drawn as if what a request costs grew straight." : ""}
      {fits.length > 0 && " Dotted: the line fitted to the cost, a + b × N, turned into a rate."}
      {m === primary && crossings.length > 0 && " Where two change places is marked below, in their colours: the diamond and its interval, made from ratios inside blocks."}</>}>
    <Lines id={id} m={m} lines={linesOf(sw, m)} xTitle={sw.factor} levels={sw.levels} height={400} course={!sw.work ? "logs" : d.metrics[m].unit.startsWith("req/") ? "costs" : "values"}
      also={({ x, y, left, right, bottom, top }) => <>{fits.map((f) => shown(f.w) && <path class="fitted" style={{ stroke: ink(f.w) }} d={path(Array.from({ length: 80 }, (_, i): [number, number] => {
        const [lo, hi] = x.domain, n = x.log ? lo * (hi / lo) ** (i / 79) : lo + ((hi - lo) * i) / 79;
        return [x(n), y(f.per! / (f.a! + f.b! * n))];
      }))}><title>{`${d.whos[f.w].name}: ${f.says} = ${f.t}`}</title></path>)}{m === primary && crossings.map((c, i) => (
        <g class="crossing">
          <line x1={x(c.at!)} x2={x(c.at!)} y1={top} y2={bottom} />
          {c.lo !== null && c.hi !== null && <rect x={x(c.lo)} width={Math.max(1, x(c.hi) - x(c.lo))} y={bottom - 10 - 16 * i} height="3" />}
          <path d={`M${x(c.at!)},${bottom - 14.5 - 16 * i}v12l-6,-6z`} style={{ fill: ink(c.a) }}><title>{c.t}</title></path>
          <path d={`M${x(c.at!)},${bottom - 14.5 - 16 * i}v12l6,-6z`} style={{ fill: ink(c.b) }}><title>{c.t}</title></path>
          {pairName(c, x, left, right, bottom - 8.5 - 16 * i)}
        </g>
      ))}</>} />
    {m === primary && <ul class="formulas">{crossings.filter((c) => !page.answer.includes(c.t)).map((c) => <li>{c.t}</li>)}</ul>}
  </Figure>;
}
