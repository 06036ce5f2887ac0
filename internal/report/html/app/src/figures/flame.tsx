// A flame graph, its root at the top: width is weight, a frame stands below the one
// that called it. Of two profiles, colour is what changed.
import type { ComponentChildren } from "preact";
import { signal, useSignal, type Signal } from "@preact/signals";
import { useEffect, useMemo, useRef } from "preact/hooks";
import { amount, change, matches, nameOf, number, own, per, percent, perRequest, ratio, shorter, signed, stepOf, weigh, type Model } from "../flame";
import { useWidth } from "../plot";
import { choose, chosen } from "../state";

const row = 19, thin = 0.6, glyph = 7.2;

/** The origins that have a colour of their own, most of all weight first. */
const inked = signal<string[]>([]);

export function colourOrigins(models: Model[]) {
  const sums = new Map<string, number>();
  for (const m of models) m.flame.sides.forEach((s, k) => m.fns.forEach((f, i) => sums.set(f.origin, (sums.get(f.origin) ?? 0) + m.flame.self[k][i] / (s.total || 1))));
  inked.value = [...sums].filter(([o]) => o !== "other").sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1)).slice(0, 7).map(([o]) => o);
}

/** The class that an origin is coloured by. */
export const tint = (origin: string) => "o" + (inked.value.includes(origin) ? inked.value.indexOf(origin) : 7);
export const origins = () => inked.value;

/** What is drawn of a model: one side of it, or what changed, its widths those of a side. */
export interface Look { side: number; change: boolean }

interface Props {
  id: string; zoom: string; // the figure, and what its zoom is called
  m: Model; look: Look; find: RegExp | null;
  full?: number; // what the whole width stands for, per request; its own total if nothing is said
  label: string;
}

interface Drawn { i: number; x: number; w: number; y: number }

export function FlameGraph({ id, zoom, m, look, find, full, label }: Props) {
  const [ref, width] = useWidth<HTMLDivElement>();
  const box = useRef<HTMLDivElement>(null);
  const at = useSignal(-2); // the frame that is pointed to; −2: none
  const byKey = useSignal(false), pointer = useSignal(0);
  const z = chosen(id, zoom, 0, m.n + 1) - 1; // the frame that has the whole width
  const go = (i: number) => choose(id, zoom, i < 0 ? undefined : String(i + 1));
  const k = look.side, whole = full ?? weigh(m, -1, k);

  const drawn = useMemo(() => (width > 0 ? layout(m, k, z, width, whole) : null), [m, k, z, width, whole]);
  const found = useMemo(() => matches(m, find), [m, find]);
  const picture = useMemo(() => drawn && paint(m, look, drawn, find ? found.hit : null, z), [drawn, look.change, k, found, find, z]);

  useEffect(() => { if (box.current && z >= 0) box.current.scrollTop = Math.max(0, (m.depth[z] - 2) * row); }, [z]);

  const move = (e: KeyboardEvent) => {
    const from = at.value < -1 ? z : at.value;
    const to = target(e.key, m, drawn!, from, z);
    if (e.key === "Escape" && (z >= 0 || at.value > -2)) { at.value = z >= 0 ? m.parent[z] : -2; go(z >= 0 ? m.parent[z] : -1); e.preventDefault(); return; }
    if (e.key === "Enter" || e.key === " ") { go(from); e.preventDefault(); return; }
    if (to === undefined) return;
    e.preventDefault();
    byKey.value = true;
    at.value = to;
    const d = drawn!.frames.find((f) => f.i === to), el = box.current!;
    if (d && (d.y < el.scrollTop || d.y + row > el.scrollTop + el.clientHeight)) el.scrollTop = d.y - el.clientHeight / 2;
  };
  const indexAt = (e: Event) => { const i = (e.target as Element).getAttribute?.("data-i"); return i === null ? -2 : Number(i); };
  return <div class="flame" ref={ref}>
    <div class="sheet" ref={box} tabIndex={0} role="group" aria-label={`Flame graph: ${label}. Arrow keys go from frame to frame, Enter zooms in, Escape out. The table has the same functions.`}
      onKeyDown={move} onBlur={() => { if (byKey.value) at.value = -2; }}
      onPointerMove={(e) => { byKey.value = false; pointer.value = e.clientX - e.currentTarget.getBoundingClientRect().left; at.value = indexAt(e); }} onPointerLeave={() => { if (!byKey.value) at.value = -2; }}
      onClick={(e) => { const i = indexAt(e); if (i > -2) go(i); }}>
      {drawn && <svg width={width} height={drawn.height} viewBox={`0 0 ${width} ${drawn.height}`} role="img" aria-label={summary(m, look, label)}>
        {picture}<Cursor at={at} drawn={drawn} />
      </svg>}
    </div>
    {drawn && <Tip at={at} byKey={byKey} pointer={pointer} m={m} look={look} z={z} drawn={drawn} box={box} />}
  </div>;
}

/** Places the frames that can be seen. */
function layout(m: Model, k: number, z: number, width: number, whole: number): { frames: Drawn[]; slivers: string; height: number } {
  const total = m.total[k] ?? [], all = m.flame.sides[k].total;
  const scale = all <= 0 ? 0 : z < 0 ? (width * Math.min(1, weigh(m, -1, k) / whole)) / all : total[z] > 0 ? width / total[z] : 0;
  const frames: Drawn[] = [], up: number[] = [];
  for (let i = z; i >= 0; i = m.parent[i]) up.unshift(i);
  frames.push({ i: -1, x: 0, w: z < 0 ? all * scale : width, y: 0 });
  for (const i of up) frames.push({ i, x: 0, w: width, y: (m.depth[i] + 1) * row });
  const next: number[] = []; // where the next child stands, by depth
  next[z < 0 ? 0 : m.depth[z] + 1] = 0;
  let slivers = "", deepest = z < 0 ? -1 : m.depth[z];
  for (let i = z + 1, stop = z < 0 ? m.n : m.end[z]; i < stop;) {
    const d = m.depth[i], x = next[d], w = total[i] * scale, y = (d + 1) * row;
    next[d] = x + w;
    if (w < thin) {
      if (w > 0.02) { slivers += `M${x.toFixed(2)},${y}h${w.toFixed(2)}v${row - 1}h${(-w).toFixed(2)}z`; deepest = Math.max(deepest, d); }
      i = m.end[i];
      continue;
    }
    next[d + 1] = x;
    deepest = Math.max(deepest, d);
    frames.push({ i, x, w, y });
    i++;
  }
  return { frames, slivers, height: (deepest + 2) * row + 1 };
}

function paint(m: Model, look: Look, drawn: { frames: Drawn[]; slivers: string }, hit: Uint8Array | null, z: number): ComponentChildren {
  return <>
    <path class="sliver" d={drawn.slivers || undefined} />
    {drawn.frames.map(({ i, x, w, y }) => {
      const above = z >= 0 && m.depth[i] < m.depth[z] || i < 0 && z >= 0;
      const kind = [colour(m, look, i), above && "above", hit && (i >= 0 && hit[i] ? "hit" : "miss")].filter(Boolean).join(" ");
      const words = w > 24 ? caption(m, look, i, w - 8) : null;
      return <g key={i} class={kind}>
        <rect data-i={i} x={x.toFixed(2)} y={y} width={Math.max(0.4, w - (w > 3 ? 1 : 0.25)).toFixed(2)} height={row - 1} rx={w > 6 ? 2 : 0} />
        {words && <text x={(x + 4).toFixed(1)} y={y + 13}>{words[0]}{words[1] && <tspan class="place" dx="6">{words[1]}</tspan>}</text>}
      </g>;
    })}
  </>;
}

/** What a frame is coloured by: where it comes from, or how it changed. */
function colour(m: Model, look: Look, i: number): string {
  if (i >= 0 && m.fn[i] < 0) return "rest";
  if (look.change) {
    const [was, is] = i < 0 ? m.flame.sides.map((s) => s.total) : m.total.map((t) => t[i]);
    const step = stepOf(change(m, was, is));
    return step ? (step < 0 ? "down" : "up") + Math.abs(step) : "even";
  }
  return i < 0 ? "root" : tint(m.fns[m.fn[i]].origin);
}

/** What is written on a frame: its name as far as it goes, then where it is. */
function caption(m: Model, look: Look, i: number, px: number): [string, string] | null {
  const room = Math.floor(px / glyph);
  let name = i < 0 ? whole(m, look) : nameOf(m, i), sign = "";
  if (look.change && i >= 0 && m.fn[i] >= 0) {
    const step = stepOf(change(m, m.total[0][i], m.total[1][i]));
    if (step) sign = ratio(weigh(m, i, 0), weigh(m, i, 1)) + " ";
    if (sign && !shorter(name).some((s) => sign.length + s.length <= room)) sign = step > 0 ? "+" : "−";
  }
  const left = room - sign.length;
  name = shorter(name).find((s) => s.length <= left) ?? shorter(name).at(-1)!;
  if (name.length > left) return left < 3 ? (sign && room > 0 ? [sign.trim(), ""] : null) : [sign + name.slice(0, left - 1) + "…", ""];
  const f = i >= 0 && m.fn[i] >= 0 ? m.fns[m.fn[i]] : null, place = f ? f.place.replace(/^.*[/\\]/, "") : "";
  return [sign + name, place && name.length + place.length + 2 <= left ? place : ""];
}

/** What the root says. */
function whole(m: Model, look: Look): string {
  const each = perRequest(m) ? " per request" : "", unit = m.flame.unit === "nanoseconds" || m.flame.unit === "count" && !m.flame.counted ? "" : " " + m.flame.unit;
  const say = (k: number) => amount(weigh(m, -1, k), m.flame.unit) + (m.flame.unit === "count" ? " samples" : unit);
  return look.change ? `all: ${say(0)} → ${say(1)}${each} (${ratio(weigh(m, -1, 0), weigh(m, -1, 1))})` : `all: ${say(look.side)}${each}`;
}

function Cursor({ at, drawn }: { at: Signal<number>; drawn: { frames: Drawn[] } }) {
  const d = at.value > -2 && drawn.frames.find((f) => f.i === at.value);
  return d ? <rect class="cursor" x={d.x} y={d.y} width={Math.max(1, d.w - 1)} height={row - 1} rx="2" /> : null;
}

/** Where an arrow key leads from a frame, among those that are drawn. */
function target(key: string, m: Model, drawn: { frames: Drawn[] }, from: number, z: number): number | undefined {
  const level = (i: number) => (i < 0 ? -1 : m.depth[i]);
  if (key === "Home") return z;
  if (key === "ArrowUp") return from < 0 ? undefined : m.parent[from];
  if (key === "ArrowDown") {
    if (from < z || z >= 0 && level(from) < level(z)) return drawn.frames.find((f) => level(f.i) === level(from) + 1)?.i;
    return drawn.frames.find((f) => f.i > from && f.i >= 0 && m.parent[f.i] === from)?.i;
  }
  if (key !== "ArrowLeft" && key !== "ArrowRight") return undefined;
  const same = drawn.frames.filter((f) => level(f.i) === level(from)).map((f) => f.i);
  return same[same.indexOf(from) + (key === "ArrowLeft" ? -1 : 1)];
}

/** What is told of a frame: beside the pointer, and aloud where one goes by keys. */
function Tip({ at, byKey, pointer, m, look, z, drawn, box }: {
  at: Signal<number>; byKey: Signal<boolean>; pointer: Signal<number>; m: Model; look: Look; z: number; drawn: { frames: Drawn[]; height: number }; box: { current: HTMLDivElement | null };
}) {
  const i = at.value, d = i > -2 && drawn.frames.find((f) => f.i === i);
  const lines = d ? tell(m, look, i, z) : [];
  const left = d ? Math.max(0, Math.min(byKey.value ? d.x : pointer.value + 14, (box.current?.clientWidth ?? 600) - 350)) : 0;
  const top = d ? d.y + row + 6 - (box.current?.scrollTop ?? 0) : 0;
  return <>
    {d && <div class="tip" style={{ left: left + "px", top: top + "px" }} aria-hidden="true">
      {lines.map((l, j) => (j === 0 ? <b>{l}</b> : <span>{l}</span>))}
    </div>}
    <p class="aloud" aria-live="polite">{byKey.value ? lines.join("; ") : ""}</p>
  </>;
}

function tell(m: Model, look: Look, i: number, z: number): string[] {
  const f = i >= 0 && m.fn[i] >= 0 ? m.fns[m.fn[i]] : null, unit = m.flame.unit, each = perRequest(m) ? " per request" : "";
  const lines = [nameOf(m, i)];
  if (f) lines.push([f.place, f.origin].filter((x) => x && x !== "other").join(" · "));
  if (i >= 0 && m.fn[i] < 0) lines.push(`each less than ${percent(m.flame.least)} of all, or too deep to be shown`);
  const share = (k: number) => weigh(m, i, k) / (weigh(m, -1, k) || 1);
  if (look.change) {
    const [was, is] = [weigh(m, i, 0), weigh(m, i, 1)], c = i < 0 ? null : change(m, m.total[0][i], m.total[1][i]);
    lines.push(`${amount(was, unit)} → ${amount(is, unit)}${each}: ${signed(is - was, unit)} (${ratio(was, is)})`);
    if (c?.chance) lines.push("Other samples alone could have made this change.");
    if (i >= 0) lines.push(`itself: ${amount(own(m, i, 0), unit)} → ${amount(own(m, i, 1), unit)}`);
    lines.push(`${percent(share(0))} → ${percent(share(1))} of all`);
    return lines.filter(Boolean);
  }
  const k = look.side;
  lines.push(`${amount(weigh(m, i, k), unit)}${each}, ${percent(share(k))} of all` + (z >= 0 && i > z ? `, ${percent(m.total[k][i] / m.total[k][z])} of ${nameOf(m, z)}` : ""));
  if (i >= 0 && m.fn[i] >= 0) {
    lines.push(`itself ${amount(own(m, i, k), unit)}, ${percent(m.self[k][i] / m.flame.sides[k].total)}`);
    const cum = m.flame.cum[k][m.fn[i]];
    if (cum > m.total[k][i] * 1.001) lines.push(`on all stacks ${amount(per(m, k, cum), unit)}, ${percent(cum / m.flame.sides[k].total)}`);
    if (m.flame.sides[k].grain && m.flame.sides[k].grain! > 0) lines.push(`${number(m.total[k][i] / m.flame.sides[k].grain!)} samples`);
  }
  return lines.filter(Boolean);
}

/** What a picture shows, for those who cannot see it: the functions with most of their own. */
function summary(m: Model, look: Look, label: string): string {
  const k = look.side, by = look.change
    ? (f: number) => Math.abs(per(m, 1, m.flame.self[1][f]) - per(m, 0, m.flame.self[0][f]))
    : (f: number) => m.flame.self[k][f];
  const most = m.fns.map((_, f) => f).sort((a, b) => by(b) - by(a)).slice(0, 5);
  return label + ". " + whole(m, look) + ". " + most.map((f) => m.fns[f].name + (look.change
    ? ` itself ${signed(per(m, 1, m.flame.self[1][f]) - per(m, 0, m.flame.self[0][f]), m.flame.unit)}`
    : ` itself ${percent(m.flame.self[k][f] / (m.flame.sides[k].total || 1))}`)).join("; ") + ".";
}
