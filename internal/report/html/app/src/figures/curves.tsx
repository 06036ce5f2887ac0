import { d, short, metricOf, type Sweep } from "../data";
import { Choice, Figure } from "../figure";
import { ink } from "../marks";
import { path } from "../plot";
import { choose, chosen, shown } from "../state";
import { Lines, linesOf } from "./lines";
import { figureSheet } from "./rows";

export const rateSweeps = (): Sweep[] => d.sweeps.filter((s) => s.rate && s.levels.length >= 2);

const titles: Record<string, string> = { throughput: "answered rightly", response_p99: "p99 response time", errors: "failed, of those due", throughput_stdev: "standard deviation" };

/** The four curves of the study of 2012 over the offered rate, with each one's knee and the objectives. */
export function Curves() {
  const id = "curves", all = rateSweeps();
  const i = chosen(id, "sweep", 0, all.length), sw = all[i];
  const four = ["throughput", "response_p99", "errors", "throughput_stdev"].map(metricOf).filter((m) => m >= 0 && linesOf(sw, m).length);
  const knees = d.knees.filter((k) => k.others === sw.others && shown(k.w));
  const goals = sw.goals ?? [];
  const logs = Math.min(...sw.levels) > 0 && Math.max(...sw.levels) / Math.min(...sw.levels) >= 10;
  return <Figure id={id} title={"Under rising rates" + (sw.others ? ", " + sw.others : "")}
    range={[logs ? Math.min(...sw.levels) : 0, Math.max(...sw.levels)]} logs={logs}
    controls={all.length > 1 && <Choice label="at" value={String(i)} choose={(v) => choose(id, "sweep", v)} of={all.map((s, k) => [String(k), s.others || "all"])} />}
    table={() => figureSheet(four)}
    caption={<>Over the offered rate, requests per second. Grey: as much answered as was asked for.
      {knees.length > 0 && " Bars at the foot: between which rates each one's knee lies, the first rate that misses "}
      {knees.length > 0 && goals.map((g) => g.text).join(" or ")}{knees.length > 0 && "."}</>}>
    <div class="panels">{four.map((m) => {
      const key = d.metrics[m].key;
      const goal = goals.filter((g) => g.metric === key);
      return <Lines id={id} m={m} title={titles[key]} lines={linesOf(sw, m)} xTitle="offered, per second" levels={sw.levels} height={236} course="values" names={key === "throughput"}
        bounds={goal.map((g) => g.bound)} far={key === "response_p99" ? 10 : 1e9}
        also={({ x, y, left, right, bottom }) => <>
          {key === "throughput" && <path class="ideal" d={path(sw.levels.length > 1 ? Array.from({ length: 60 }, (_, i): [number, number] => { const r = x.invert(left + ((right - left) * i) / 59); return [x(r), y(r)]; }) : [])} />}
          {goal.map((g) => <g class="goal"><line x1={left} x2={right} y1={y(g.bound)} y2={y(g.bound)} /><text x={right - 2} y={y(g.bound) - 5} text-anchor="end">{g.text}</text></g>)}
          {key === "throughput" && knees.map((k, n) => k.at !== null && (
            <line class="knee" x1={x(k.kept ?? x.domain[0])} x2={Math.max(x(k.at), x(k.kept ?? x.domain[0]) + 5)} y1={bottom - 4 - 6 * n} y2={bottom - 4 - 6 * n} style={{ stroke: ink(k.w) }}>
              <title>{`${d.whos[k.w].name}: ${k.t}`}</title></line>
          ))}
        </>} />;
    })}</div>
    {knees.length > 0 && <ul class="formulas">{knees.map((k) => <li style={{ borderColor: ink(k.w) }}><b>{short[k.w]}</b> {k.t}</li>)}</ul>}
  </Figure>;
}
