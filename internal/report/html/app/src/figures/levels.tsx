import { d, page, primary, type Sweep } from "../data";
import { Choice, Figure, MetricPicker, metricChosen } from "../figure";
import { ink } from "../marks";
import { path } from "../plot";
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
      {fits.length > 0 && " Dotted: the line fitted to the cost, a + b × N, turned into a rate."}
      {m === primary && crossings.length > 0 && " Where two change places is marked below: the diamond and its interval."}</>}>
    <Lines id={id} m={m} lines={linesOf(sw, m)} xTitle={sw.factor} levels={sw.levels} height={400}
      also={({ x, y, bottom, top }) => <>{fits.map((f) => shown(f.w) && <path class="fitted" style={{ stroke: ink(f.w) }} d={path(Array.from({ length: 80 }, (_, i): [number, number] => {
        const [lo, hi] = x.domain, n = x.log ? lo * (hi / lo) ** (i / 79) : lo + ((hi - lo) * i) / 79;
        return [x(n), y(f.per! / (f.a! + f.b! * n))];
      }))}><title>{`${d.whos[f.w].name}: ${f.says} = ${f.t}`}</title></path>)}{m === primary && crossings.map((c, i) => (
        <g class="crossing">
          <line x1={x(c.at!)} x2={x(c.at!)} y1={top} y2={bottom} />
          {c.lo !== null && c.hi !== null && <rect x={x(c.lo)} width={Math.max(1, x(c.hi) - x(c.lo))} y={bottom - 7 - 9 * i} height="4" />}
          <path d={`M${x(c.at!)},${bottom - 11 - 9 * i}l5,6l-5,6l-5,-6z`}><title>{c.t}</title></path>
        </g>
      ))}</>} />
    {m === primary && <ul class="formulas">{crossings.filter((c) => !page.answer.includes(c.t)).map((c) => <li>{c.t}</li>)}</ul>}
  </Figure>;
}
