import { d, figure, metricOf, type Fig } from "../data";
import { Choice, Figure, num, SettingPicker, settingOf } from "../figure";
import { ink } from "../marks";
import { choose, chosen } from "../state";
import { Lines, type Line } from "./lines";

const ofCores = /^(cores?|cpus?|workers?|processes|threads|loops)$/;

interface Scaling { factor: string; others: string; lines: (m: number) => Line[]; levels: number[] }

/** What varies the cores a subject is given: a factor of the plan, or a choice of the variant's own. */
export function scalings(): Scaling[] {
  const all: Scaling[] = d.sweeps.filter((s) => ofCores.test(s.factor)).map((s) => ({
    factor: s.factor, others: s.others, levels: s.levels,
    lines: (m) => d.whos.map((_, w) => ({ w, points: points(s.settings.map((k, i) => ({ x: s.levels[i], f: figure(m, w, k) }))) })).filter((l) => l.points.length > 1),
  }));
  for (const key of new Set(d.whos.flatMap((w) => Object.keys(w.variant ?? {})))) {
    if (!ofCores.test(key)) continue;
    const groups = new Map<string, number[]>();
    d.whos.forEach((who, w) => {
      if (!Number.isFinite(Number(who.variant?.[key]))) return;
      const name = JSON.stringify([who.subject, Object.entries(who.variant!).filter(([k]) => k !== key).sort()]);
      groups.set(name, [...(groups.get(name) ?? []), w]);
    });
    const several = [...groups.values()].filter((g) => g.length > 1);
    if (!several.length) continue;
    const level = (w: number) => Number(d.whos[w].variant![key]);
    all.push({
      factor: key, others: "", levels: [...new Set(several.flat().map(level))].sort((a, b) => a - b),
      lines: (m) => several.map((g) => ({ w: g[0], points: points(g.map((w) => ({ x: level(w), f: figure(m, w, settingOf("cores", 0)) }))) })).filter((l) => l.points.length > 1),
    });
  }
  return all;
}

const points = (all: { x: number; f: Fig | undefined }[]) =>
  all.filter((p): p is { x: number; f: Fig } => !!p.f && p.f.v !== null).sort((a, b) => a.x - b.x);

/** Does it use the cores it is given? */
export function Cores() {
  const id = "cores", all = scalings(), sc = all[chosen(id, "of", 0, all.length)];
  const m = metricOf("throughput"), lines = sc.lines(m);
  return <Figure id={id} title={`Scaling over ${sc.factor}` + (sc.others ? `, ${sc.others}` : "")}
    controls={<>{all.length > 1 && <Choice label="over" value={String(all.indexOf(sc))} choose={(v) => choose(id, "of", v)}
      of={all.map((x, i) => [String(i), x.factor + (x.others ? ` at ${x.others}` : "")])} />}
      {!sc.others && <SettingPicker id={id} usual={0} />}</>}
    table={() => ({
      head: ["subject", sc.factor, "throughput", "interval", "of the ideal"],
      rows: lines.flatMap((l) => l.points.map((p) => [d.whos[l.w].name, num(String(p.x), p.x), num(p.f.t, p.f.v), p.f.i, num(...share(l, p))])),
    })}
    caption="Thin lines: as much for each as the first level gives, which nothing reaches but what shares nothing.">
    <Lines id={id} m={m} lines={lines} xTitle={sc.factor} levels={sc.levels} straight height={360} far={1e9}
      bounds={lines.map((l) => (l.points[0].f.v! / l.points[0].x) * Math.max(...sc.levels))}
      also={({ x, y }) => lines.map((l) => {
        const one = l.points[0].f.v! / l.points[0].x, hi = Math.max(...sc.levels);
        return <line class="ideal" x1={x(0)} y1={y(0)} x2={x(hi)} y2={y(one * hi)} style={{ stroke: ink(l.w) }} />;
      })} />
  </Figure>;
}

function share(l: Line, p: { x: number; f: Fig }): [string, number] {
  const s = p.f.v! / ((l.points[0].f.v! / l.points[0].x) * p.x);
  return [`${(100 * s).toPrecision(3)} %`, s];
}
