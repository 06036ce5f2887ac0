import { d, type Signal } from "../data";
import { Figure, num } from "../figure";
import { useWidth } from "../plot";

/** What every trial was looked at for: how near each signal came to its first limit, and in how many trials it went beyond. */
export function Conditions() {
  const id = "conditions", read = d.signals.filter((s) => s.read > 0);
  const fired = read.filter(beyond), free = read.filter((s) => !beyond(s) && (!s.limits || (s.near ?? 0) > 1));
  const quiet = read.filter((s) => !beyond(s) && !free.includes(s)), rest = d.signals.filter((s) => !s.read);
  const near = quiet.filter((s) => (s.near ?? 0) >= close), far = quiet.filter((s) => !near.includes(s));
  return <Figure id={id} title="Conditions of the trials"
    table={() => ({
      head: ["signal", "id", "guards against", "worst", "of its limit", "trials beyond", "trials read", "grade", "limits"],
      rows: d.signals.map((s) => [s.name, s.id, s.what, s.worst, num(s.near === null ? "–" : s.near.toPrecision(3), s.near), num(String(s.trials), s.trials), num(String(s.read), s.read), s.q, s.limits]),
    })}
    caption={<>A line for each signal: its worst value of all trials, against the limit at which a grade is lost, which is the line. Those that went beyond come first, with the number of trials in which they did; a diamond at the far end is one that must not be at all, and has no distance; what is more than {most} times its limit is drawn there.
      {far.length > 0 && ` Far within their limits: ${far.map((s) => s.name + (/^0\D*$/.test(s.worst) || s.worst === "–" ? "" : " " + s.worst)).join(", ")}.`}
      {free.length > 0 && ` Without a limit here: ${free.map((s) => s.name + " " + s.worst).join(", ")}.`}
      {rest.length > 0 && ` Not read in any trial: ${rest.map((s) => s.name).join(", ")}.`}</>}>
    {fired.length + near.length === 0 ? <p class="none">Every signal stayed far within its limits.</p> :
    <Strip all={[...fired.sort((a, b) => b.trials / b.read - a.trials / a.read), ...near.sort((a, b) => (b.near ?? 0) - (a.near ?? 0))]} />}
  </Figure>;
}

/** Whether a signal has cost a trial its grade. */
const beyond = (s: Signal) => s.trials > 0 && s.q !== "A";

const close = 0.05; // of its limit: what stayed farther from it is named alone
const most = 100; // times its limit: what lies farther is drawn there

function Strip({ all }: { all: Signal[] }) {
  const [ref, width] = useWidth<HTMLDivElement>();
  const narrow = width < 620, step = narrow ? 40 : 22, names = narrow ? 8 : 176, words = narrow ? 16 : 320;
  const left = names + 8, right = Math.max(left + 60, width - words), height = all.length * step + 34, bottom = height - 26;
  const x = (v: number) => left + ((Math.log10(Math.min(most, Math.max(1 / most, v))) + 2) / 4) * (right - left);
  return <div class="plot" ref={ref}>{width > 0 && <svg width={width} height={height} viewBox={`0 0 ${width} ${height}`} role="img"
    aria-label={all.map((s) => `${s.name}: worst ${s.worst}, ${s.trials} of ${s.read} trials beyond its limit${s.q ? ", grade " + s.q : ""}`).join("; ")}>
    <g class="axis">{[["1/100", 0.01], ["1/10", 0.1], ["the limit", 1], ["10 ×", 10], ["100 ×", 100]].map(([t, v]) => <g>
      <line class={v === 1 ? "same" : "faint"} x1={x(v as number)} x2={x(v as number)} y1={2} y2={bottom} />
      <text x={x(v as number)} y={bottom + 17} text-anchor={narrow && v === 0.01 ? "start" : narrow && v === 100 ? "end" : "middle"}>{t}</text></g>)}</g>
    {all.map((s, i) => {
      const y = i * step + (narrow ? 28 : 12), tone = beyond(s) ? "g" + s.q : "fine", far = x(most);
      return <g class={"signal " + tone}>
        <text class="name" x={narrow ? 8 : names} y={narrow ? y - 14 : y} dy="0.35em" text-anchor={narrow ? "start" : "end"}>{s.name}<title>{`${s.id}: ${s.what}\n${s.limits || "no limit"}`}</title></text>
        {s.near !== null && <line class="reach" x1={left} x2={x(s.near)} y1={y} y2={y} />}
        {s.near !== null ? <circle cx={x(s.near)} cy={y} r="4" /> : beyond(s) && <path d={`M${far - 6},${y}l6,-6l6,6l-6,6z`}><title>no distance: any at all is beyond its limit</title></path>}
        <text class="value" x={narrow ? width - 8 : right + 14} y={narrow ? y - 14 : y} text-anchor={narrow ? "end" : "start"} dy="0.35em">{s.worst}{s.trials > 0 && <tspan class="group" dx="8">{`${s.trials} of ${s.read} trials, grade ${s.q}`}</tspan>}</text>
      </g>;
    })}
  </svg>}</div>;
}
