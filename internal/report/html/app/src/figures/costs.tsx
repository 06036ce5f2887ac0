import { d, short, metricOf } from "../data";
import { Figure, num } from "../figure";
import { dash, ink } from "../marks";
import { path } from "../plot";
import { chosen, shown } from "../state";
import { levelSweeps, SweepPicker } from "./levels";
import { Lines, linesOf } from "./lines";

/** What a request costs the server, as a line over what is asked: figures as marks, fits as lines. */
export function Costs() {
  const id = "costs", m = metricOf("server_cpu");
  const all = levelSweeps().filter((s) => d.fits.some((f) => f.metric === "server_cpu" && f.factor === s.factor && f.others === s.others));
  const sw = all[chosen(id, "sweep", 0, all.length)];
  const fits = d.fits.filter((f) => f.metric === "server_cpu" && f.factor === sw.factor && f.others === sw.others);
  const range: [number, number] = [Math.min(...sw.levels), Math.max(...sw.levels)];
  return <Figure id={id} title={`What a request costs, over ${sw.factor}`} range={range} logs={range[0] > 0}
    controls={<SweepPicker id={id} of={all} />}
    table={() => ({
      head: ["subject", "of", "a", "a: 95 % interval", `b, per ${sw.factor}`, "b: 95 % interval", "rounds", "off by", "model", "in doubt"],
      rows: d.fits.filter((f) => f.factor === sw.factor && f.others === sw.others).map((f) => [d.whos[f.w].name, f.says, num(f.cells[0][0], f.a), f.cells[0][1], num(f.cells[1][0], f.b), f.cells[1][1], num(f.cells[2][1], Number(f.cells[2][1])), f.cells[3][1], f.model, f.why ?? ""]),
    })}
    caption="CPU of the server's whole process tree for each request. Marks: medians over rounds with their intervals, and the rounds; lines: the fitted a + b × N, which bend on logarithmic axes. Where no line would be true, there is none. The table has the lines of processors ÷ throughput too.">
    <Lines id={id} m={m} lines={linesOf(sw, m)} xTitle={sw.factor} levels={sw.levels} height={400} loose
      also={({ x, y }) => fits.filter((f) => shown(f.w) && f.a !== null && f.b !== null && f.model.startsWith("a+bN")).map((f) => (
        <path class="line" style={{ stroke: ink(f.w) }} stroke-dasharray={dash(f.w)} d={path(Array.from({ length: 80 }, (_, i): [number, number] => {
          const [lo, hi] = x.domain, n = x.log ? lo * (hi / lo) ** (i / 79) : lo + ((hi - lo) * i) / 79;
          return [x(n), y(f.a! + f.b! * n)];
        }))}><title>{`${d.whos[f.w].name}: ${f.t}`}</title></path>
      ))} />
    <ul class="formulas">{fits.filter((f) => shown(f.w)).map((f) => <li style={{ borderColor: ink(f.w) }}><b>{short[f.w]}</b> {f.a === null ? f.why ?? "no straight line" : f.t}{f.a !== null && f.why && <span class="unsure"> in doubt</span>}</li>)}</ul>
    {d.slopes.length > 0 && <details><summary>The lines two by two: {d.slopes.length} ratios of their slopes</summary><ul>{d.slopes.map((s) => <li>{s}</li>)}</ul></details>}
  </Figure>;
}
