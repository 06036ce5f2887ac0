import { d, short, primary, usualSetting, type Comparison } from "../data";
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
    caption={<>{d.metrics[m].head}: the ratio of the row to the column, made inside blocks, and its verdict: ▲ {speed ? "faster" : "better"}, ▼ {speed ? "slower" : "worse"}, = equivalent, ? undetermined.
      {here.some((c) => c.x) && " Exploratory: it is not the metric the plan declared."}</>}>
    <Grid here={here} />
  </Figure>;
}

function Grid({ here }: { here: Comparison[] }) {
  const [ref, width] = useWidth<HTMLDivElement>();
  const whos = d.whos.map((_, w) => w).filter((w) => shown(w) && here.some((c) => c.a === w || c.b === w));
  const n = whos.length;
  const names = Math.min(width * 0.34, Math.max(50, ...whos.map((w) => short[w].length * 8.2 + 16)));
  const cell = Math.max(46, Math.min(92, (width - names - 8) / Math.max(1, n)));
  const tall = Math.min(44, cell), slant = cell < names, top = slant ? Math.min(names, 150) * 0.72 + 14 : 26;
  const full = names + n * cell + (slant ? 60 : 8), height = top + n * tall + 8;
  const at = new Map(here.map((c) => [`${c.a}/${c.b}`, c]));
  const flip = { faster: "slower", slower: "faster", equivalent: "equivalent", undetermined: "undetermined" } as const;
  return <div class="plot scroll" ref={ref} tabIndex={0} role="region" aria-label="Matrix of verdicts">{width > 0 && <svg width={full} height={height} viewBox={`0 0 ${full} ${height}`} role="img"
    aria-label={here.slice(0, 12).map((c) => `${d.whos[c.a].name} to ${d.whos[c.b].name}: ${c.t}, ${c.w}`).join("; ")}>
    {whos.map((w, i) => <g>
      <text class="name" x={names - 8} y={top + i * tall + tall / 2} dy="0.35em" text-anchor="end" style={{ fill: ink(w) }}>{fit(short[w], names)}<title>{d.whos[w].name}</title></text>
      <text class="name" transform={slant ? `translate(${names + i * cell + cell / 2},${top - 8}) rotate(-38)` : `translate(${names + i * cell + cell / 2},${top - 10})`}
        text-anchor={slant ? "start" : "middle"} style={{ fill: ink(w) }}>{fit(short[w], slant ? 150 : cell + 10)}</text>
    </g>)}
    {whos.flatMap((a, i) => whos.map((b, j) => {
      const c = at.get(`${a}/${b}`), back = at.get(`${b}/${a}`);
      const x = names + j * cell, y = top + i * tall;
      if (!c && !back) return <rect class="cell self" x={x + 1} y={y + 1} width={cell - 2} height={tall - 2} rx="3" />;
      const verdict = c ? c.d : flip[back!.d];
      return <g class={"cell " + verdict}>
        <rect x={x + 1} y={y + 1} width={cell - 2} height={tall - 2} rx="3" />
        <text x={x + cell / 2} y={y + tall / 2} dy="0.35em" text-anchor="middle">{glyphs[verdict]}{c ? " " + c.t : ""}</text>
        <title>{`${d.whos[(c ?? back)!.a].name} : ${d.whos[(c ?? back)!.b].name}\n${(c ?? back)!.t} (${(c ?? back)!.i})\n${(c ?? back)!.w}, ${(c ?? back)!.n} rounds${(c ?? back)!.e ? "\n" + (c ?? back)!.e : ""}`}</title>
      </g>;
    }))}
  </svg>}</div>;
}
