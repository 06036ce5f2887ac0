// What the reader has chosen. All of it is in the URL's fragment, so that a link
// shows what its sender saw: #FIGURE;off=1.3;FIGURE.key=value
import { effect, signal } from "@preact/signals";
import { d } from "./data";

export const hidden = signal<ReadonlySet<number>>(new Set());
export const options = signal<Readonly<Record<string, string>>>({});
export const at = signal("");

/** Shown tells whether a variant is drawn. */
export const shown = (w: number): boolean => !hidden.value.has(w);

export function toggle(w: number) {
  const next = new Set(hidden.value);
  if (!next.delete(w)) next.add(w);
  if (next.size < d.whos.length) hidden.value = next;
}

/** Only leaves one variant drawn; all, if it is the only one already. */
export function only(w: number) {
  const alone = hidden.value.size === d.whos.length - 1 && shown(w);
  hidden.value = new Set(alone ? [] : d.whos.map((_, i) => i).filter((i) => i !== w));
}

export function option(figure: string, key: string): string | undefined { return options.value[`${figure}.${key}`]; }

export function choose(figure: string, key: string, value: string | undefined) {
  const next = { ...options.value };
  if (value === undefined) delete next[`${figure}.${key}`];
  else next[`${figure}.${key}`] = value;
  if (key !== "zoom" && key !== "rate") delete next[`${figure}.zoom`]; // which was of another axis
  options.value = next;
}

/** A number that was chosen, or another where none was, or none such. */
export function chosen(figure: string, key: string, other: number, below = Infinity): number {
  const x = Number(option(figure, key) ?? NaN);
  return Number.isFinite(x) && x >= 0 && x < below ? x : other;
}

/** The stretch of a figure's axis that is zoomed into. */
export function zoomOf(figure: string): [number, number] | undefined {
  const [a, b] = (option(figure, "zoom") ?? "").split("~").map(Number);
  return a < b ? [a, b] : undefined;
}

export function fragment(figure: string): string {
  const parts = [figure];
  if (hidden.value.size) parts.push("off=" + [...hidden.value].sort((a, b) => a - b).join("."));
  for (const [k, v] of Object.entries(options.value)) parts.push(encodeURIComponent(k) + "=" + encodeURIComponent(v));
  return "#" + parts.join(";");
}

function read() {
  const [figure, ...rest] = location.hash.slice(1).split(";");
  const opts: Record<string, string> = {};
  let off = new Set<number>();
  for (const part of rest) {
    const i = part.indexOf("=");
    if (i < 0) continue;
    let k = "", v = "";
    try { k = decodeURIComponent(part.slice(0, i)); v = decodeURIComponent(part.slice(i + 1)); } catch { continue; }
    if (k === "off") off = new Set(v.split(".").map(Number).filter((w) => Number.isInteger(w) && w >= 0 && w < d.whos.length));
    else opts[k] = v;
  }
  hidden.value = off.size < d.whos.length ? off : new Set();
  options.value = opts;
  at.value = /^[\w-]*$/.test(figure) ? figure : "";
}

/** Follow keeps the fragment and the state alike, both ways. */
export function follow() {
  read();
  addEventListener("hashchange", () => { read(); reveal(); });
  effect(() => {
    const next = fragment(at.value);
    if (next !== "#" && next !== location.hash || next === "#" && location.hash) {
      history.replaceState(null, "", next === "#" ? location.pathname + location.search : next);
    }
  });
  requestAnimationFrame(reveal);
}

function reveal() {
  if (at.value) document.getElementById(at.value)?.scrollIntoView();
}

/** Heed draws what belongs to a variant, and lets the rest step back. */
export function heed(w: number | null) {
  for (const el of document.querySelectorAll<Element>("svg [data-w]")) {
    el.classList.toggle("dim", w !== null && el.getAttribute("data-w") !== String(w));
  }
}
