import { useState } from "preact/hooks";
import { betterBy, d, short, primary, usualSetting, type Comparison } from "../data";
import { Figure, MetricPicker, metricChosen, num, SettingPicker, settingOf } from "../figure";
import { fit, ink } from "../marks";
import { useWidth } from "../plot";
import { shown } from "../state";

const glyphs = { faster: "▲", slower: "▼", equivalent: "=", undetermined: "?" };

/** Every pair at a setting: row against column. */
export function Matrix() {
  const id = "matrix";
  const of = [...new Set(d.comparisons.map((c) => c.m))];
  const m = metricChosen(id, of, of.includes(primary) ? primary : of[0]), s = settingOf(id, usualSetting);
  const here = d.comparisons.filter((c) => c.m === m && c.s === s);
  const speed = here.some((c) => c.d !== "undetermined" && c.w.startsWith(c.d));
  return <Figure id={id} title={"Every pair" + (d.settings[s]?.at ? " " + d.settings[s].at : "")}
    controls={<><MetricPicker id={id} of={of} usual={of.includes(primary) ? primary : of[0]} /><SettingPicker id={id} usual={usualSetting} /></>}
    table={() => ({
      head: ["a", "b", ...d.factors.map((f) => f.name), "ratio of a to b", "95 % interval", "p, adjusted", "rounds", "verdict", "grade", "note"],
      rows: d.comparisons.filter((c) => c.m === m).map((c) => [d.whos[c.a].name, d.whos[c.b].name, ...(d.settings[c.s]?.levels ?? d.factors.map(() => "")),
        num(c.t, c.v), c.i, num(c.p, Number.isFinite(Number(c.p)) ? Number(c.p) : null), num(String(c.n), c.n),
        c.w + (c.d === "undetermined" && c.k ? `; about ${c.k} rounds would tell` : "") + (c.x ? " (exploratory)" : ""), c.q, c.e ?? ""]),
    })}
    caption={<>{d.metrics[m].head}: how many times {d.metrics[m].higher ? "as much the row has as the column" : "as much the column has as the row"}, so that above one the row is better, made inside blocks, and the verdict: ▲ {speed ? "faster" : "better"}, ▼ {speed ? "slower" : "worse"}, = equivalent, ? undetermined. The best come first; the farther from one, the stronger the colour.
      {here.some((c) => c.x) && " Exploratory: it is not the metric the plan declared."}</>}>
    <Grid here={here} />
  </Figure>;
}

const flip = { faster: "slower", slower: "faster", equivalent: "equivalent", undetermined: "undetermined" } as const;
const crowd = 9; // from so many on, cells have a sign alone and columns a number

/** The best first, by how often each is ahead: what belongs together stands together. */
function inOrder(here: Comparison[]): number[] {
  const score = new Map<number, number>();
  for (const c of here) {
    const up = (d.metrics[c.m].higher ? 1 : -1) * Math.log(c.v ?? 1) || (c.d === "faster" ? 1 : c.d === "slower" ? -1 : 0), wins = c.d === "undetermined" ? 0.1 : 1;
    const sign = (c.d === "faster" ? 1 : c.d === "slower" ? -1 : 0) * 1000 + (c.d === "faster" || c.d === "slower" ? 0 : 0.01 * up * wins);
    score.set(c.a, (score.get(c.a) ?? 0) + sign);
    score.set(c.b, (score.get(c.b) ?? 0) - sign);
  }
  return [...score.keys()].sort((a, b) => score.get(b)! - score.get(a)! || a - b);
}

/** How strongly a cell is coloured: the more, the farther the ratio is from one. */
const depth = (c: Comparison) => (c.d === "equivalent" || c.d === "undetermined" || c.v === null ? 1 : Math.min(1, 0.4 + 0.6 * Math.abs(Math.log2(c.v))));

function Grid({ here }: { here: Comparison[] }) {
  const [ref, width] = useWidth<HTMLDivElement>();
  const [read, tell] = useState<Comparison | null>(null);
  const whos = inOrder(here).filter(shown), n = whos.length, many = n >= crowd;
  const label = (w: number, i: number) => (many ? `${i + 1}  ` : "") + short[w];
  const names = Math.min(width * (width < 560 ? 0.42 : 0.3), Math.max(50, ...whos.map((w, i) => label(w, i).length * 8.2 + 16)));
  const cell = Math.max(many ? 22 : 46, Math.min(many ? 40 : 92, (width - names - 8) / Math.max(1, n)));
  const signs = many || cell < 66; // no room for more
  const tall = many ? Math.min(26, cell) : Math.min(44, cell), slant = !many && whos.some((w) => short[w].length * 7.6 > cell + 10);
  const top = slant ? Math.min(names, 150) * 0.72 + 14 : 26;
  const full = names + n * cell + (slant ? 60 : 8), height = top + n * tall + 8;
  const at = new Map(here.map((c) => [`${c.a}/${c.b}`, c]));
  return <>
    <div class="plot scroll" ref={ref} tabIndex={0} role="region" aria-label="Matrix of verdicts">{width > 0 && <svg width={full} height={height} viewBox={`0 0 ${full} ${height}`} role="img" onPointerLeave={() => tell(null)}
      aria-label={here.slice(0, 12).map((c) => `${d.whos[c.a].name} to ${d.whos[c.b].name}: ${c.t}, ${c.w}`).join("; ") + (here.length > 12 ? `; and ${here.length - 12} more` : "")}>
      {whos.map((w, i) => <g>
        <text class="name" x={names - 8} y={top + i * tall + tall / 2} dy="0.35em" text-anchor="end" style={{ fill: ink(w) }}>{fit(label(w, i), names)}<title>{d.whos[w].name}</title></text>
        {many ? <text class="column" x={names + i * cell + cell / 2} y={top - 8} text-anchor="middle">{i + 1}<title>{d.whos[w].name}</title></text>
          : <text class="name" transform={slant ? `translate(${names + i * cell + cell / 2},${top - 8}) rotate(-38)` : `translate(${names + i * cell + cell / 2},${top - 10})`}
            text-anchor={slant ? "start" : "middle"} style={{ fill: ink(w) }}>{fit(short[w], slant ? 150 : cell + 10)}</text>}
      </g>)}
      {whos.flatMap((a, i) => whos.map((b, j) => {
        const c = at.get(`${a}/${b}`), back = at.get(`${b}/${a}`), x = names + j * cell, y = top + i * tall;
        if (!c && !back) return <rect class="cell self" x={x + 1} y={y + 1} width={cell - 2} height={tall - 2} rx="3" />;
        const one = (c ?? back)!, verdict = c ? c.d : flip[back!.d];
        return <g class={"cell " + verdict} onPointerEnter={() => tell(one)} data-pair={`${a}/${b}`}>
          <rect x={x + 1} y={y + 1} width={cell - 2} height={tall - 2} rx="3" style={{ fillOpacity: depth(one) }} />
          <text x={x + cell / 2} y={y + tall / 2} dy="0.35em" text-anchor="middle">{glyphs[verdict]}{signs ? "" : " " + betterBy(one, a)[0]}</text>
          <title>{`${d.whos[one.a].name} : ${d.whos[one.b].name}\n${one.t} (${one.i})\n${one.w}, ${one.n} rounds${one.e ? "\n" + one.e : ""}`}</title>
        </g>;
      }))}
    </svg>}</div>
    <p class="readout">{read ? <><b>{d.whos[read.a].name} : {d.whos[read.b].name}</b> {read.t} ({read.i}), {read.w}; {read.n} rounds</> : signs ? "Point at a cell for its ratio and interval; the numbers of all are in the table." : " "}</p>
  </>;
}
