import { d, metricOf, short, usualSetting } from "../data";
import { Choice, Figure, num, SettingPicker, settingOf } from "../figure";
import { belongs, dash, ink, Mark } from "../marks";
import { path, Plot } from "../plot";
import { domainOf } from "../scale";
import { choose, chosen, option, shown } from "../state";
import { rateSweeps } from "./curves";
import { Dots, rangeOf, type Dot } from "./dots";
import { linesOf, type Line } from "./lines";
import { ranked } from "./rows";

const o = () => d.overlays!;
export const overlaid = () => !!d.overlays && (d.overlays.curves.length > 0 || d.overlays.summaries.length > 0);
const strokes = ["6 4", "2 3", "10 4", "9 3 2 3", "4 2"];

/** What others measured, on the axes of ours. It is never in a verdict, and looks like what it is. */
export function Overlay() {
  const id = "overlay";
  return <Figure id={id} title="Beside what others measured"
    table={() => ({
      head: ["from elsewhere", "at", "metric", "offered, per second", "value"],
      rows: [...o().curves.flatMap((c) => c.x.map((x, i) => [c.label, "", c.metric, num(String(x), x), num(c.t[i], c.y[i])])),
        ...o().summaries.flatMap((s) => s.values.map((v) => [s.label, s.at ?? "", v.metric, "", num(v.t, v.v)]))],
    })}
    controls={<Controls id={id} />}
    caption={<>Grey and broken: from elsewhere; in colour: this record. The same axis shows what they look like, and not which server is faster.</>}>
    <p class="warning"><b>Not comparable, by design</b>: another machine, another method, another time.</p>
    <ul class="caveats">{o().caveats.map((c) => <li>{c}</li>)}</ul>
    {o().curves.length > 0 && rateSweeps().length > 0 && <Curves id={id} />}
    {o().summaries.length > 0 && <Summaries id={id} />}
  </Figure>;
}

function Controls({ id }: { id: string }) {
  const all = rateSweeps(), i = chosen(id, "sweep", 0, all.length), of = metrics();
  return <>
    {o().curves.length > 0 && all.length > 1 && <Choice label="ours at" value={String(i)} choose={(v) => choose(id, "sweep", v)} of={all.map((s, k) => [String(k), s.others || "all"])} />}
    {of.length > 1 && <Choice label="metric" value={metric(id)} choose={(v) => choose(id, "m", v)} of={of.map((k) => [k, d.metrics[metricOf(k)].head.split(",")[0]])} />}
    {o().summaries.length > 0 && <SettingPicker id={id} usual={usualSetting} />}
  </>;
}

const metrics = () => [...new Set(o().summaries.flatMap((s) => s.values.map((v) => v.metric)))].filter((k) => metricOf(k) >= 0);
const metric = (id: string) => (metrics().includes(option(id, "m") ?? "") ? option(id, "m")! : metrics()[0]);

function Summaries({ id }: { id: string }) {
  const key = metric(id), m = metricOf(key), s = settingOf(id, usualSetting);
  if (m < 0) return null;
  const ours: Dot[] = ranked(m, s).map((f) => ({ w: f.w, name: short[f.w], v: f.v, lo: f.lo, hi: f.hi, t: f.t, hollow: f.open, tale: `${d.whos[f.w].name}: ${f.t} (${f.i})` }));
  let head: string | undefined = "from elsewhere, not comparable";
  const theirs: Dot[] = o().summaries.flatMap((x) => {
    const v = x.values.find((v) => v.metric === key), other = x.at !== d.settings[s]?.name && d.settings.some((t) => t.name === x.at);
    if (!v || other) return [];
    const dot = { w: -1, name: x.label, v: v.v, lo: null, hi: null, t: v.t, aside: x.at, tale: `${x.label}\n${x.at ?? ""}\n${v.t}`, head };
    head = undefined;
    return [dot];
  });
  const dots = [...ours, ...theirs], range = rangeOf(dots);
  return <Dots id={id} dots={dots} unit={d.metrics[m].unit} title={d.metrics[m].head.split(",")[0] + (range.logs ? "" : "")} label={dots.map((x) => `${x.name} ${x.t}`).join("; ")} />;
}

const titles: Record<string, string> = { throughput: "answered", response_mean: "mean response time", errors: "errors", throughput_stdev: "standard deviation" };

function Curves({ id }: { id: string }) {
  const sw = rateSweeps()[chosen(id, "sweep", 0, rateSweeps().length)];
  const keys = [...new Set(o().curves.map((c) => c.metric))];
  const labels = [...new Set(o().curves.map((c) => c.label))];
  return <>
    <ul class="theirs-legend">{labels.map((l, k) => <li><svg width="34" height="10" aria-hidden="true"><line class="foreign" x1="0" x2="34" y1="5" y2="5" stroke-dasharray={strokes[k % strokes.length]} /></svg> {l}</li>)}</ul>
    <div class="panels">{keys.map((key) => <One key={key} id={id} metric={key} labels={labels} lines={metricOf(key) < 0 ? [] : linesOf(sw, metricOf(key)).filter((l) => shown(l.w))} />)}</div>
  </>;
}

function One({ id, metric, labels, lines }: { id: string; metric: string; labels: string[]; lines: Line[] }) {
  const theirs = o().curves.filter((c) => c.metric === metric), m = metricOf(metric);
  const xs = [...theirs.flatMap((c) => c.x), ...lines.flatMap((l) => l.points.map((p) => p.x))];
  const far = metric.startsWith("response") ? 10 : 1e9;
  const y = domainOf([...theirs.flatMap((c) => c.y), ...lines.flatMap((l) => l.points.map((p) => p.f.v))], far);
  const unit = m >= 0 ? d.metrics[m].unit : metric.startsWith("response") ? "ms" : metric === "errors" ? "%" : "req/s";
  return <Plot id={id} height={250} label={`${titles[metric]} over the offered rate: ${theirs.map((c) => `${c.label} from ${c.t[0]} to ${c.t.at(-1)}`).join("; ")}; from elsewhere, not comparable`}
    x={{ domain: [0, Math.max(1, ...xs)], title: "offered, per second" }} y={{ domain: y.domain, logs: y.logs, unit, title: titles[metric] ?? metric }}>
    {({ x, y: v }) => <>
      {theirs.map((c) => <path class="foreign" stroke-dasharray={strokes[labels.indexOf(c.label) % strokes.length]}
        d={path(c.x.map((a, i) => (c.y[i] === null || (y.logs && c.y[i]! <= 0) ? null : [x(a), v(c.y[i]!)])))}><title>{c.label}</title></path>)}
      {theirs.flatMap((c) => c.x.length < 40 ? c.x.map((a, i) => c.y[i] !== null && <circle class="theirs" cx={x(a)} cy={v(c.y[i]!)} r="3.2"><title>{`${c.label} at ${a}: ${c.t[i]}`}</title></circle>) : [])}
      {lines.map((l) => <g {...belongs(l.w)}>
        <path class="line" style={{ stroke: ink(l.w) }} stroke-dasharray={dash(l.w)} d={path(l.points.map((p) => [x(p.x), v(p.f.v!)]))} />
        {l.points.map((p) => <Mark w={l.w} x={x(p.x)} y={v(p.f.v!)} r={3.4} hollow={p.f.open} label={`${d.whos[l.w].name} at ${p.x}: ${p.f.t}`} />)}
      </g>)}
    </>}
  </Plot>;
}
