import { d, short, usualSetting, type Causes } from "../data";
import { Figure, num, SettingPicker, settingOf } from "../figure";
import { useWidth } from "../plot";
import { linear } from "../scale";
import { shown } from "../state";

/** How requests failed: of those due, the share of each cause. */
export function Failures() {
  const id = "failures", kinds = [...new Set(d.causes.flatMap((c) => c.by.map((b) => b.what)))].sort();
  const usual = d.causes.some((c) => c.s === usualSetting) ? usualSetting : d.causes[0].s;
  const s = settingOf(id, usual), here = d.causes.filter((c) => c.s === s && shown(c.w)).sort((a, b) => b.failed / b.due - a.failed / a.due);
  return <Figure id={id} title={"Failed requests, by cause" + (d.settings[s]?.at ? " " + d.settings[s].at : "")}
    controls={<SettingPicker id={id} usual={usual} />}
    table={() => ({
      head: ["subject", ...d.factors.map((f) => f.name), "due", "failed", ...kinds.map((k) => said(k) + ", %"), "in words"],
      rows: d.causes.map((c) => [d.whos[c.w].name, ...(d.settings[c.s]?.levels ?? []), num(String(c.due), c.due), num(String(c.failed), c.failed),
        ...kinds.map((k) => { const b = c.by.find((x) => x.what === k); return num(b ? b.t : "–", b ? b.x : 0); }), c.t]),
    })}
    caption={<>Of the requests that were due, all rounds together; the axis ends with the most that failed. {kinds.map((k, i) => <span class="key"><i class={"dot l" + (i % 8)} /> {said(k)} </span>)}</>}>
    {here.length ? <Stack here={here} kinds={kinds} /> : <p class="none">None failed at this setting.</p>}
  </Figure>;
}

const said = (k: string) => k.replaceAll("_", " ");

function Stack({ here, kinds }: { here: Causes[]; kinds: string[] }) {
  const [ref, width] = useWidth<HTMLDivElement>();
  const narrow = width < 560, lines = Math.max(...here.map((c) => c.by.length)), step = narrow ? 50 + 16 * lines : 30, names = narrow ? 8 : Math.min(width * 0.3, Math.max(60, ...here.map((c) => short[c.w].length * 8.1 + 16)));
  const words = narrow ? 16 : Math.min(width * 0.4, Math.max(90, ...here.map((c) => total(c).length * 7 + 20)));
  const left = names + 8, right = Math.max(left + 60, width - words), end = Math.min(100, Math.max(...here.map((c) => c.by.reduce((n, b) => n + b.x, 0))) * 1.02);
  const x = linear([0, end], [left, right]), bottom = here.length * step + 8, height = bottom + 40;
  return <div class="plot" ref={ref}>{width > 0 && <svg width={width} height={height} viewBox={`0 0 ${width} ${height}`} role="img"
    aria-label={here.map((c) => `${d.whos[c.w].name}: ${c.t}`).join("; ")}>
    <g class="grid">{x.ticks(narrow ? 3 : 6).map((v) => <line x1={x(v)} x2={x(v)} y1={2} y2={bottom} />)}</g>
    <g class="axis"><line class="base" x1={left} x2={right} y1={bottom} y2={bottom} />
      {x.ticks(narrow ? 3 : 6).map((v) => <text x={x(v)} y={bottom + 16} text-anchor="middle">{`${Number(v.toPrecision(4))} %`}</text>)}
      <text class="title" x={right} y={bottom + 34} text-anchor="end">failed, of those due →</text></g>
    {here.map((c, i) => {
      let from = 0;
      const y = 6 + i * step + (narrow ? 22 : 0);
      return <g><text class="name" x={narrow ? 8 : names} y={narrow ? y - 10 : y + 11} dy="0.35em" text-anchor={narrow ? "start" : "end"} style={{ fill: `var(--c${c.w % 8})` }}>{short[c.w]}</text>
        {c.by.map((b) => {
          const at = from;
          from += b.x;
          return <rect class={"l" + (kinds.indexOf(b.what) % 8)} x={x(at)} width={Math.max(1, x(from) - x(at) - 1)} y={y} height="20" style={{ fill: `var(--c${kinds.indexOf(b.what) % 8})` }}>
            <title>{`${said(b.what)} ${b.t}`}</title></rect>;
        })}
        {narrow ? c.by.map((b, k) => <text class="value" x={left} y={y + 34 + 16 * k}>{`${said(b.what)} ${b.t}`}</text>)
          : <text class="value" x={right + 12} y={y + 11} dy="0.35em">{total(c)}</text>}</g>;
    })}
  </svg>}</div>;
}

const total = (c: Causes) => c.by.map((b) => `${said(b.what)} ${b.t}`).join(", ");
