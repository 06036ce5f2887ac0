import { d, usualSetting, type Scaling } from "../data";
import { Choice, Figure, num } from "../figure";
import { belongs, dash, EndTags, fit, ink, Mark } from "../marks";
import { path, Plot, type Inside } from "../plot";
import { domainOf } from "../scale";
import { choose, option, shown } from "../state";

const places = () => [...new Set(d.scaling.map((s) => s.s))];

/** What each subject makes of more processors, with the law that was fitted, or why none was. */
export function Scalings() {
  const id = "scaling", all = places(), wish = Number(option(id, "s") ?? usualSetting);
  const s = all.includes(wish) ? wish : all[all.length - 1];
  const up = option(id, "as") === "speed-up";
  const here = d.scaling.filter((x) => x.s === s);
  const most = Math.max(...here.flatMap((x) => x.points.map((p) => p.n)));
  return <Figure id={id} title={`Scaling over ${here[0].factor}` + (d.settings[s]?.at ? " " + d.settings[s].at : "")} range={[0, most]}
    controls={<><Choice label="as" value={up ? "speed-up" : "throughput"} choose={(v) => choose(id, "as", v === "throughput" ? undefined : v)} of={[["throughput", "throughput"], ["speed-up", "speed-up"]]} />
      {all.length > 1 && <Choice label="at" value={String(s)} choose={(v) => choose(id, "s", v)} of={all.map((k) => [String(k), d.settings[k]?.name ?? "all"])} />}</>}
    table={() => ({
      head: ["subject", ...d.factors.map((f) => f.name), "processors", "per second", "95 % interval", "speed-up", "95 % interval", "efficiency", "per CPU second"],
      rows: d.scaling.flatMap((x) => x.points.map((p) => [x.name, ...(d.settings[x.s]?.levels ?? []), num(String(p.n), p.n), num(p.cells[0], p.v), p.cells[1], num(p.cells[2], p.up), p.cells[3], p.cells[4], p.cells[5]])),
    })}
    caption={<>{up ? "Against the fewest processors, inside blocks" : "Right answers per second"}. Thin: as much for each as the first gives, which only what shares nothing reaches.
      {!up && here.some((x) => x.law[0] !== null) && " Dotted: the Universal Scalability Law, drawn as far as was measured; a dot at the foot, with its interval: beyond so many, more do less."} Hollow: the instrument was the limit, and the subject can do more.</>}>
    <Curve id={id} here={here} up={up} most={most} />
    <ul class="formulas">{here.filter((x) => x.said && shown(x.w)).map((x) => <li style={{ borderColor: ink(x.w) }}><b>{x.name}</b> {x.said}</li>)}</ul>
  </Figure>;
}

function Curve({ id, here, up, most }: { id: string; here: Scaling[]; up: boolean; most: number }) {
  const seen = here.filter((x) => shown(x.w));
  const of = (p: Scaling["points"][number]) => (up ? [p.up, p.upLo, p.upHi] : [p.v, p.lo, p.hi]);
  const one = (x: Scaling) => (up ? 1 : x.points[0].v ?? 0) / x.points[0].n;
  const best = Math.max(0, ...seen.map((x) => one(x) * most));
  const y = domainOf([best, ...seen.flatMap((x) => x.points.flatMap(of))], 1e9);
  const levels = [...new Set(seen.flatMap((x) => x.points.map((p) => p.n)))].sort((a, b) => a - b);
  const last = (x: Scaling) => of(x.points.filter((p) => of(p)[0] !== null).at(-1) ?? x.points[0])[0] ?? 0;
  const apart = levels.filter((n, i) => i === 0 || i === levels.length - 1 || (n - levels[i - 1]) / most > 0.03);
  return <Plot id={id} height={380} names={seen.map((x) => x.name)} label={seen.map((x) => `${x.name}: ${x.points.map((p) => `${p.n} processors ${up ? p.cells[2] : p.cells[0]}`).join(", ")}`).join("; ")}
    x={{ domain: [0, most], title: "processors", ticks: apart }} y={{ domain: y.domain, unit: up ? "" : "req/s", title: up ? "speed-up" : "throughput" }}
    beside={(i) => <EndTags x={i.right} top={i.top} bottom={i.bottom} tags={seen.map((x) => ({ w: x.w, y: Math.max(i.top, Math.min(i.bottom, i.y(last(x)))), text: fit(x.name, i.width - i.right - 12) }))} />}>
    {(i) => <>{seen.map((x) => <One key={x.name} x={x} i={i} of={of} one={one(x)} most={most} up={up} />)}
      {!up && seen.map((x, k) => x.peak !== null && x.peak <= most && <g class="peak"><title>{`${x.name}: most on ${x.peak} processors`}</title>
        {x.peakLo !== null && x.peakHi !== null && <line x1={i.x(x.peakLo)} x2={i.x(x.peakHi)} y1={i.bottom - 5 - 6 * k} y2={i.bottom - 5 - 6 * k} style={{ stroke: ink(x.w) }} />}
        <circle cx={i.x(x.peak)} cy={i.bottom - 5 - 6 * k} r="3.2" style={{ fill: ink(x.w) }} /></g>)}</>}
  </Plot>;
}

interface OneProps { x: Scaling; i: Inside; of: (p: Scaling["points"][number]) => (number | null)[]; one: number; most: number; up: boolean }

function One({ x, i, of, one, most, up }: OneProps) {
  const known = x.points.filter((p) => of(p)[0] !== null), banded = known.filter((p) => of(p)[1] !== null && of(p)[2] !== null);
  const law = !up && x.law[0] !== null ? (n: number) => (x.law[0]! * n) / (1 + x.law[1]! * (n - 1) + x.law[2]! * n * (n - 1)) : null;
  const band = banded.length > 1 ? path([...banded.map((p): [number, number] => [i.x(p.n), i.y(of(p)[2]!)]), ...banded.toReversed().map((p): [number, number] => [i.x(p.n), i.y(of(p)[1]!)])]) + "z" : "";
  const from = x.points[0].n, to = x.points.at(-1)!.n;
  return <g {...belongs(x.w)}>
    <line class="ideal" x1={i.x(0)} y1={i.y(0)} x2={i.x(most)} y2={i.y(one * most)} style={{ stroke: ink(x.w) }} />
    {band && <path class="band" d={band} style={{ fill: ink(x.w) }} />}
    {law && <path class="fitted" style={{ stroke: ink(x.w) }} d={path(Array.from({ length: 60 }, (_, k): [number, number] => { const n = from + ((to - from) * k) / 59; return [i.x(n), i.y(law(n))]; }))} />}
    <path class="line" style={{ stroke: ink(x.w) }} stroke-dasharray={dash(x.w)} d={path(known.map((p) => [i.x(p.n), i.y(of(p)[0]!)]))} />
    {known.map((p) => <Mark w={x.w} x={i.x(p.n)} y={i.y(of(p)[0]!)} hollow={p.open} label={`${x.name} on ${p.n}\n${p.cells[0]} a second (${p.cells[1]})\nspeed-up ${p.cells[2]}, efficiency ${p.cells[4]}`} />)}
  </g>;
}
