// How a variant looks, everywhere: a colour, a shape and a dash.
import { d, type Fig } from "./data";
import { heed, toggle } from "./state";

export const ink = (w: number) => `var(--c${w % 8})`;

const dashes = ["", "7 3", "2 3", "9 3 2 3", "4 2"];
// Past the eighth variant colours come again, with another dash and another shape each time.
const lap = (w: number) => Math.floor(w / 8);

/** The dash of a line: variants differ by it as well as by colour. */
export const dash = (w: number) => dashes[(w + 2 * lap(w)) % dashes.length] || undefined;

const shapes = ["circle", "square", "up", "diamond", "down", "cross", "bar", "hex"] as const;

function outline(shape: (typeof shapes)[number], r: number): string {
  const k = r * 1.15;
  switch (shape) {
    case "square": return `M${-r * 0.88},${-r * 0.88}h${r * 1.76}v${r * 1.76}h${-r * 1.76}z`;
    case "up": return `M0,${-k}L${k},${k * 0.8}H${-k}z`;
    case "down": return `M0,${k}L${k},${-k * 0.8}H${-k}z`;
    case "diamond": return `M0,${-k * 1.1}L${k * 1.1},0L0,${k * 1.1}L${-k * 1.1},0z`;
    case "cross": return `M${-r},${-r}L${r},${r}M${-r},${r}L${r},${-r}`;
    case "hex": return `M${-r * 1.1},0L${-r * 0.55},${-r}H${r * 0.55}L${r * 1.1},0L${r * 0.55},${r}H${-r * 0.55}z`;
    case "bar": return `M0,${-k}V${k}M${-k},0H${k}`;
    default: return `M${-r},0a${r},${r} 0 1,0 ${2 * r},0a${r},${r} 0 1,0 ${-2 * r},0`;
  }
}

/** A variant's mark. It is hollow where the value is a bound. */
export function Mark({ w, x, y, r = 4.5, hollow, label }: { w: number; x: number; y: number; r?: number; hollow?: boolean; label?: string }) {
  const shape = shapes[(w + 3 * lap(w)) % shapes.length];
  const open = hollow;
  return (
    <path class={"mark" + (open ? " hollow" : "")} d={outline(shape, r)} transform={`translate(${x.toFixed(1)},${y.toFixed(1)})`}
      style={{ fill: open || shape === "cross" || shape === "bar" ? "var(--paper)" : ink(w), stroke: ink(w) }}>
      {label && <title>{label}</title>}
    </path>
  );
}

/** A variant's mark for text. */
export function Swatch({ w }: { w: number }) {
  return <svg class="swatch" width="22" height="12" viewBox="-11 -6 22 12" aria-hidden="true">
    <line x1="-11" x2="11" y1="0" y2="0" style={{ stroke: ink(w) }} stroke-width="2" stroke-dasharray={dash(w)} />
    <Mark w={w} x={0} y={0} r={4} />
  </svg>;
}

/** What hovering over a figure tells. */
export function tale(f: Fig): string {
  const s = d.settings[f.s]?.name;
  const span = f.i === "–" ? "too few rounds for an interval" : f.i;
  return `${d.whos[f.w].name}${s ? ", " + s : ""}\n${d.metrics[f.m].head}: ${f.t} (${span})\n${f.n} rounds, grade ${f.q}`;
}

/** What makes a part of a picture answer to the pointer. */
export const belongs = (w: number) => ({
  "data-w": w,
  onPointerEnter: () => heed(w),
  onPointerLeave: () => heed(null),
});

export interface Tag { w: number; y: number; text: string; x?: number } // x: where the line ends, if before the edge

/** Names at the ends of lines, moved apart where they would cover each other. A click takes the line away. */
export function EndTags({ x, tags, top, bottom }: { x: number; tags: Tag[]; top: number; bottom: number }) {
  const line = 14;
  const sorted = [...tags].sort((a, b) => a.y - b.y);
  const ys = sorted.map((t) => t.y);
  for (let i = 1; i < ys.length; i++) ys[i] = Math.max(ys[i], ys[i - 1] + line);
  const over = ys.length ? Math.max(0, ys[ys.length - 1] - bottom) : 0;
  if (over) {
    ys[ys.length - 1] -= over;
    for (let i = ys.length - 2; i >= 0; i--) ys[i] = Math.min(ys[i], ys[i + 1] - line);
  }
  if (ys[0] < top - 8) return null;
  return <g class="tags">{sorted.map((t, i) => (
    <g key={t.w} {...belongs(t.w)} onClick={() => toggle(t.w)}>
      <path class="lead" d={`M${((t.x ?? x) + 3).toFixed(1)},${t.y.toFixed(1)}L${x + 2},${t.y.toFixed(1)}L${x + 9},${ys[i].toFixed(1)}`} stroke-dasharray={t.x ? "1 4" : undefined} style={{ stroke: ink(t.w) }} />
      <text x={x + 12} y={ys[i]} dy="0.35em" style={{ fill: ink(t.w) }}>{t.text}</text>
    </g>
  ))}</g>;
}

/** A name that fits: what is left out is in its middle, for its end may tell it from others. */
export function fit(name: string, px: number): string {
  const n = Math.max(4, Math.floor(px / 7.6));
  const tail = Math.min(10, Math.floor(n / 2) - 1);
  return name.length <= n ? name : name.slice(0, n - 1 - tail) + "…" + name.slice(-tail);
}

/** The room that names need, no more than a share of the width. */
export const room = (names: string[], width: number, share = 0.32) =>
  Math.min(Math.max(40, ...names.map((n) => n.length * 8 + 20)), width * share);
