// Profiles as package profile wrote them (its Flame), and what pictures ask of them.
// What the reader asks for, a part of a tree or what an expression matches, nobody
// could format beforehand: amounts are written here as webdyno writes them.

export interface Flame {
  unit: string; counted?: boolean; least: number;
  sides: { total: number; count: number; requests?: number; grain?: number }[];
  answer: string[]; says: string[] | null;
  texts: string[]; functions: [number, number, number, number, number][];
  self: number[][]; cum: number[][]; calls?: number[][]; rest?: { n: number; self: number[] };
  callers?: { f: number; by: number; n: number[]; w: number[] }[];
  tree?: { f: number[]; d: number[]; w: number[][] };
}

/** A profile in a page: of a variant at a setting, or of two (b: before); w is −1 where it is of no variant. */
export interface FlameEntry { name: string; w: number; b: number; s: number; words?: string[] | null; flame: Flame; tested?: number[] | null }

export interface Fn { name: string; file: string; line: number; place: string; origin: string; text: string }

/** A flame as pictures use it. Nodes stand in the order in which one walks the tree; −1 is all of it. */
export interface Model {
  flame: Flame; fns: Fn[]; n: number;
  fn: number[]; depth: number[]; deepest: number;
  parent: Int32Array; end: Int32Array; // of a node: the one above it, and the first behind all that is below
  tested?: number[] | null; // of each function what rounds say of its change: 1 shown, 0 not, −1 not looked at
  total: Float64Array[]; self: number[][]; // by side, then by node
}

const models = new WeakMap<Flame, Model>();

export function modelOf(flame: Flame): Model {
  let m = models.get(flame);
  if (!m) models.set(flame, m = build(flame));
  return m;
}

function build(flame: Flame): Model {
  const t = (i: number) => flame.texts[i];
  const fns = flame.functions.map(([name, file, line, module, origin]): Fn => {
    const place = t(file) ? t(file) + (line ? ":" + line : "") : t(module);
    return { name: t(name), file: t(file), line, place, origin: t(origin), text: [t(name), place, t(origin)].join(" ") };
  });
  const fn = flame.tree?.f ?? [], depth = flame.tree?.d ?? [], self = flame.tree?.w ?? flame.sides.map(() => []);
  const n = fn.length, parent = new Int32Array(n), end = new Int32Array(n);
  const total = self.map((w) => Float64Array.from(w)), open: number[] = [];
  let deepest = -1;
  for (let i = 0; i < n; i++) {
    while (open.length > depth[i]) end[open.pop()!] = i;
    parent[i] = open.length ? open[open.length - 1] : -1;
    open.push(i);
    deepest = Math.max(deepest, depth[i]);
  }
  while (open.length) end[open.pop()!] = n;
  for (let i = n - 1; i >= 0; i--) if (parent[i] >= 0) for (const w of total) w[parent[i]] += w[i];
  return { flame, fns, n, fn, depth, deepest, parent, end, total, self };
}

/** What a node weighs on a side, per request where requests are known. */
export const weigh = (m: Model, i: number, k: number) => per(m, k, i < 0 ? m.flame.sides[k].total : m.total[k][i]);
export const own = (m: Model, i: number, k: number) => per(m, k, i < 0 ? 0 : m.self[k][i]);
export const per = (m: Model, k: number, w: number) => w / (m.flame.sides[k].requests || 1);
export const perRequest = (m: Model) => m.flame.sides.every((s) => s.requests);

export function nameOf(m: Model, i: number): string {
  if (i < 0) return "all";
  return m.fn[i] >= 0 ? m.fns[m.fn[i]].name : `(${-m.fn[i]} smaller)`;
}

/** How a weight changed, relative to the larger of the two; 0 where drawing other samples could have made it. */
export function change(m: Model, was: number, is: number): { by: number; chance: boolean } {
  const [b, a] = m.flame.sides, [p, q] = [per(m, 0, was), per(m, 1, is)];
  if (p === q) return { by: 0, chance: false };
  const noise = Math.sqrt((was * (b.grain ?? 0)) / (b.requests || 1) ** 2 + (is * (a.grain ?? 0)) / (a.requests || 1) ** 2);
  return { by: (q - p) / Math.max(p, q), chance: Math.abs(q - p) < 2 * noise };
}

/** The step of the scale of colours that a change has: −4 to 4. */
export function stepOf({ by, chance }: { by: number; chance: boolean }): number {
  if (chance) return 0;
  return Math.sign(by) * [0.02, 0.1, 0.3, 0.7].filter((x) => Math.abs(by) >= x).length;
}

/** What an expression matches: which nodes, and what they weigh together, each stack counted once. */
export function matches(m: Model, find: RegExp | null): { hit: Uint8Array; fns: boolean[]; weight: number[] } {
  const fns = m.fns.map((f) => !!find && find.test(f.text)), hit = new Uint8Array(m.n), weight = m.total.map(() => 0);
  for (let i = 0, counted = 0; i < m.n; i++) {
    if (m.fn[i] < 0 || !fns[m.fn[i]]) continue;
    hit[i] = 1;
    if (i >= counted) {
      m.total.forEach((w, k) => { weight[k] += w[i]; });
      counted = m.end[i];
    }
  }
  if (!m.flame.tree) m.flame.sides.forEach((_, k) => { weight[k] = fns.reduce((sum, y, f) => sum + (y ? m.flame.self[k][f] : 0), 0); });
  return { hit, fns, weight };
}

/** An expression as the reader wrote it; taken literally where it is none. */
export function expression(text: string): { find: RegExp | null; wrong: boolean } {
  if (!text) return { find: null, wrong: false };
  try { return { find: new RegExp(text, "i"), wrong: false }; } catch {
    return { find: new RegExp(text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"), "i"), wrong: true };
  }
}

/** Three significant digits, as webdyno writes numbers. */
export function number(x: number): string {
  if (!x) return "0";
  const [digits, e] = x.toExponential(2).split("e");
  return Number(digits + "e" + e).toFixed(Math.max(0, 2 - Number(e)));
}

/** A weight: a time, or a number of whatever it is. */
export function amount(x: number, unit: string): string {
  if (unit !== "nanoseconds") return (Math.abs(x) >= 1000 ? count(x) : number(x)).replace("-", "−");
  if (x < 0) return "−" + amount(-x, unit);
  if (x === 0) return "0";
  const [size, name] = ([[1e9, "s"], [1e6, "ms"], [1e3, "us"]] as const).find(([s]) => x >= s) ?? [1, "ns"];
  return number(x / size) + " " + name;
}

export const signed = (x: number, unit: string) => (x > 0 ? "+" : "") + amount(x, unit);
export const percent = (x: number) => (x > 0 && x < 1e-4 ? "< 0.01 %" : number(100 * x) + " %");
export const ratio = (was: number, is: number) => {
  if (was === is) return "±0 %";
  if (!was) return "new";
  if (!is) return "gone";
  return is > 10 * was ? "× " + number(is / was) : (is > was ? "+" : "−") + number(100 * Math.abs(is / was - 1)) + " %";
};

export const count = (n: number) => String(Math.round(n)).replace(/\B(?=(\d{3})+$)/g, ",");

/** What stands around a function: who calls it and whom it calls, with what each weighs, by side. */
export function around(m: Model, f: number): { callers: [number, number[], number[]][]; callees: [number, number[], number[]][] } {
  const callers = new Map<number, [number[], number[]]>(), callees = new Map<number, [number[], number[]]>();
  const zero = () => m.flame.sides.map(() => 0);
  const add = (to: Map<number, [number[], number[]]>, g: number, w: number[], n: number[]) => {
    if (!to.has(g)) to.set(g, [zero(), zero()]);
    const [ws, ns] = to.get(g)!;
    w.forEach((x, k) => { ws[k] += x; ns[k] += n[k]; });
  };
  for (const e of m.flame.callers ?? []) {
    if (e.f === f) add(callers, e.by, e.w, e.n);
    if (e.by === f) add(callees, e.f, e.w, e.n);
  }
  for (let i = 0; i < m.n; i++) {
    const up = m.parent[i] >= 0 ? m.fn[m.parent[i]] : -1;
    if (m.fn[i] < 0 || m.fn[i] === up) continue;
    const w = m.total.map((t) => t[i]);
    if (m.fn[i] === f && up >= 0) add(callers, up, w, zero());
    if (up === f) add(callees, m.fn[i], w, zero());
  }
  const sorted = (x: Map<number, [number[], number[]]>) => [...x].map(([g, [w, n]]): [number, number[], number[]] => [g, w, n])
    .sort((a, b) => Math.max(...b[1]) - Math.max(...a[1]) || a[0] - b[0]);
  return { callers: sorted(callers), callees: sorted(callees) };
}

/** speedscope's form of a tree, a profile for each side. */
export function speedscope(m: Model, name: string, sides: string[]): string {
  const units = ["nanoseconds", "microseconds", "bytes"], smaller = m.fns.length;
  return JSON.stringify({
    $schema: "https://www.speedscope.app/file-format-schema.json", name, exporter: "webdyno",
    shared: { frames: [...m.fns.map((f) => ({ name: f.name, file: f.place.replace(/:\d+$/, "") || undefined, line: f.line || undefined })), { name: "(smaller)" }] },
    profiles: sides.map((title, k) => {
      const samples: number[][] = [], weights: number[] = [];
      for (let i = 0; i < m.n; i++) {
        if (!m.self[k][i]) continue;
        const stack: number[] = [];
        for (let j = i; j >= 0; j = m.parent[j]) stack.unshift(m.fn[j] >= 0 ? m.fn[j] : smaller);
        samples.push(stack);
        weights.push(m.self[k][i]);
      }
      return { type: "sampled", name: title, unit: units.includes(m.flame.unit) ? m.flame.unit : "none", startValue: 0, endValue: m.flame.sides[k].total, samples, weights };
    }),
  });
}

/** A function's name in less and less room. */
export function shorter(name: string): string[] {
  const method = /^\{method '(.+)' of '(.+)' objects\}$/.exec(name), builtin = /^\{built-in method (?:.*\.)?(.+)\}$/.exec(name);
  if (method) return [name, `{${method[2]}.${method[1]}}`, `{${method[1]}}`];
  if (builtin) return [name, `{${builtin[1]}}`];
  const from = name.replace(/\[[^\]]*\]/g, "").lastIndexOf("/") + 1, bare = name.slice(from);
  const dot = bare.indexOf("."), last = /^[^<{("]*(?:\(\*?\w+\))?[^<{("]*\.([\w$]+)$/.exec(bare)?.[1];
  return [name, bare, ...(dot > 0 && /[.)]/.test(bare.slice(dot + 1)) ? [bare.slice(dot + 1)] : []), ...(last ? [last] : [])];
}
