import { betterBy, d, figure, primary, usualSetting, type Fig } from "../data";
import { Choice, Figure, MetricPicker, metricChosen, num, SettingPicker, settingOf } from "../figure";
import { fit, tale } from "../marks";
import { useDrag, useWidth } from "../plot";
import { domainOf, linear, log, tick, axisUnit } from "../scale";
import { choose, option, shown, zoomOf } from "../state";

/** The variants' own factors of which some subject has several levels. */
export function pairKeys(): string[] {
  const keys = new Set(d.whos.flatMap((w) => Object.keys(w.variant ?? {})));
  return [...keys].filter((k) => pairsOf(k).length > 0);
}

interface Group { name: string; whos: { level: string; w: number }[] }

function pairsOf(key: string): Group[] {
  const groups = new Map<string, Group>();
  d.whos.forEach((who, w) => {
    const level = who.variant?.[key];
    if (level === undefined) return;
    const rest = Object.entries(who.variant ?? {}).filter(([k]) => k !== key).map(([k, v]) => `${k}=${v}`).sort();
    const name = who.subject + (rest.length ? ` [${rest.join(",")}]` : "");
    if (!groups.has(name)) groups.set(name, { name, whos: [] });
    groups.get(name)!.whos.push({ level, w });
  });
  return [...groups.values()].filter((g) => g.whos.length > 1);
}

/** The same subject in two forms, side by side: CPython against PyPy, plain against compiled. */
export function Pairs() {
  const id = "pairs", keys = pairKeys();
  const key = keys.includes(option(id, "key") ?? "") ? option(id, "key")! : keys[0];
  const all = d.metrics.map((_, m) => m);
  const m = metricChosen(id, all, primary), s = settingOf(id, usualSetting);
  const groups = pairsOf(key).map((g) => ({ ...g, figs: g.whos.map((x) => ({ ...x, f: figure(m, x.w, s) })).filter((x): x is { level: string; w: number; f: Fig } => !!x.f && shown(x.w)) }))
    .filter((g) => g.figs.length);
  const zoom = pairDomain(groups);
  const levels = [...new Set(pairsOf(key).flatMap((g) => g.whos.map((x) => x.level)))];
  return <Figure id={id} title={`${levels.join(" against ")}` + (d.settings[s]?.at ? " " + d.settings[s].at : "")} range={zoom.domain} logs={zoom.logs}
    controls={<>{keys.length > 1 && <Choice label="by" value={key} choose={(v) => choose(id, "key", v)} of={keys.map((k) => [k, k])} />}
      <MetricPicker id={id} of={all} usual={primary} /><SettingPicker id={id} usual={usualSetting} /></>}
    table={() => ({
      head: ["subject", key, ...d.factors.map((f) => f.name), "metric", "value", "interval", "rounds"],
      rows: groups.flatMap((g) => g.figs.map((x) => [g.name, x.level, ...(d.settings[s]?.levels ?? []), d.metrics[m].key, num(x.f.t, x.f.v), x.f.i, num(String(x.f.n), x.f.n)])),
    })}
    caption={<>{d.metrics[m].head}: {d.metrics[m].better}. {levels.map((l, i) => <span class="key"><i class={"dot l" + (i % 8)} /> {l}</span>)}. Lines: 95 % intervals. At the right, how many times {d.metrics[m].higher ? "as much the better one has" : "less the better one has"}: the ratio of the verdict, made inside blocks.</>}>
    <PairRows id={id} groups={groups} levels={levels} m={m} s={s} />
  </Figure>;
}

type Drawn = Group & { figs: { level: string; w: number; f: Fig }[] };

const pairDomain = (groups: Drawn[]) => domainOf(groups.flatMap((g) => g.figs.flatMap((x) => [x.f.v, x.f.lo, x.f.hi])), 6);

function PairRows({ id, groups, levels, m, s }: { id: string; groups: Drawn[]; levels: string[]; m: number; s: number }) {
  const [ref, width] = useWidth<HTMLDivElement>();
  const metric = d.metrics[m];
  const { domain, logs } = pairDomain(groups);
  const narrow = width < 560, step = narrow ? 50 : groups.length > 12 ? 30 : 40, top = 34;
  const names = narrow ? 8 : Math.min(width * 0.3, Math.max(60, ...groups.map((g) => g.name.length * 8.1 + 12)));
  const left = names + 10, right = Math.max(left + 60, width - (narrow ? 16 : 230)), bottom = top + groups.length * step;
  const xs = (logs ? log : linear)(zoomOf(id) ?? domain, [left, right]);
  const { drag, on } = useDrag(id, () => xs, left, right);
  const x = Object.assign((v: number) => Math.max(left, Math.min(right, xs(v))), { ticks: xs.ticks });
  const inside = (v: number) => v >= xs.domain[0] * 0.9999 && v <= xs.domain[1] * 1.0001;
  return <div class="plot" ref={ref}>{width > 0 && <svg width={width} height={bottom + 40} viewBox={`0 0 ${width} ${bottom + 40}`} role="img"
    aria-label={groups.map((g) => g.name + ": " + g.figs.map((f) => `${f.level} ${f.f.t}`).join(", ")).join("; ")} {...on}>
    <Key levels={levels} left={narrow ? 8 : left} />
    <g class="grid">{x.ticks(Math.max(2, (right - left) / 80)).map((v) => <line x1={x(v)} x2={x(v)} y1={top} y2={bottom} />)}</g>
    <g class="axis"><line class="base" x1={left} x2={right} y1={bottom} y2={bottom} />
      {x.ticks(Math.max(2, (right - left) / 80)).map((v) => <text x={x(v)} y={bottom + 16} text-anchor="middle">{tick(v, metric.unit, xs)}</text>)}
      <text class="title" x={right} y={bottom + 33} text-anchor="end">{[metric.better, axisUnit(metric.unit)].filter(Boolean).join(", ")}{logs ? " (logarithmic)" : ""}</text></g>
    {groups.map((g, i) => {
      const y = top + i * step + (narrow ? 32 : step / 2), vs = g.figs.map((f) => f.f.v).filter((v): v is number => v !== null);
      return <g>
        <text class="name" x={narrow ? 8 : names} y={narrow ? y - 18 : y} dy="0.35em" text-anchor={narrow ? "start" : "end"}>{fit(g.name, narrow ? width - 24 - ratio(g, m, s).length * 7.6 : names)}<title>{g.name}</title></text>
        {vs.length > 1 && <line class="between" x1={x(Math.min(...vs))} x2={x(Math.max(...vs))} y1={y} y2={y} />}
        {g.figs.map((f) => { const l = levels.indexOf(f.level) % 8; return <g class={"l" + l}>
          {f.f.lo !== null && f.f.hi !== null && <line class="whisker" x1={x(f.f.lo)} x2={x(f.f.hi)} y1={y} y2={y} style={{ stroke: `var(--c${l})` }} />}
          {f.f.v !== null && inside(f.f.v) && <Sign l={l} x={x(f.f.v)} y={y} label={tale(f.f)} />}
        </g>; })}
        <text class="value" x={narrow ? right : right + 14} y={narrow ? y - 18 : y} dy="0.35em" text-anchor={narrow ? "end" : "start"}>{ratio(g, m, s)}</text>
      </g>;
    })}
    {drag && <rect class="drag" x={Math.min(...drag)} y={top} width={Math.abs(drag[1] - drag[0])} height={bottom - top} />}
  </svg>}</div>;
}

/** The mark of a level. */
function Sign({ l, x, y, label }: { l: number; x: number; y: number; label?: string }) {
  const title = label && <title>{label}</title>, style = { fill: `var(--c${l})` };
  return l % 2 === 0 ? <circle cx={x} cy={y} r="6" style={style}>{title}</circle> : <rect x={x - 5.5} y={y - 5.5} width="11" height="11" style={style}>{title}</rect>;
}

/** Which mark is which, inside the picture, so that it is there when it is saved. */
function Key({ levels, left }: { levels: string[]; left: number }) {
  let at = left + 6;
  return <g>{levels.map((level, i) => {
    const x = at;
    at += 34 + level.length * 8;
    return <g><Sign l={i % 8} x={x} y={12} /><text x={x + 11} y={12} dy="0.35em">{level}</text></g>;
  })}</g>;
}

/** Which of two is the better one, and by how much. */
function ratio(g: Drawn, m: number, s: number): string {
  if (g.figs.length !== 2) return "";
  const [a, b] = g.figs;
  const c = d.comparisons.find((c) => c.m === m && c.s === s && c.a === a.w && c.b === b.w);
  if (!c || c.v === null) return "";
  const ahead = (c.v >= 1) === !!d.metrics[m].higher ? a : b, [times, span] = betterBy(c, ahead.w);
  return `${ahead.level} ${times} ×${span === "–" ? "" : ` (${span})`}`;
}
