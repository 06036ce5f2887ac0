// What package report wrote into the page. Numbers are for pictures; every text
// that is shown was formatted there, so that all renderers round alike.
import type { FlameEntry } from "./flame";

export interface Who { name: string; subject: string; variant?: Record<string, string>; bound?: boolean }
export interface Setting { name: string; at: string; levels: string[] }
export interface Factor { name: string; levels: string[]; numeric?: boolean; rate?: boolean; work?: boolean }
export interface Metric { key: string; head: string; better: string; unit: string; higher?: boolean; time?: boolean }
export interface Note { kind: string; text: string; grade: string }
export interface Fig {
  m: number; w: number; s: number;
  v: number | null; lo: number | null; hi: number | null; open?: boolean; n: number; x?: (number | null)[];
  t: string; i: string; r?: string; g?: string; q: string; o?: number[];
}
export interface Comparison {
  a: number; b: number; s: number; m: number;
  v: number | null; t: string; i: string; bt: string; bi: string; p: string; n: number;
  d: "faster" | "slower" | "equivalent" | "undetermined"; w: string; e?: string; k?: number; x?: boolean; q: string;
}
export interface Goal { text: string; metric?: string; bound: number }
export interface Sweep {
  factor: string; others: string; rate?: boolean; work?: boolean;
  settings: number[]; levels: number[]; goals?: Goal[];
}
export interface Fit { w: number; metric: string; factor: string; others: string; model: string; says: string; a: number | null; b: number | null; t: string; cells: [string, string][]; why?: string; per?: number }
export interface Crossing { a: number; b: number; factor: string; others: string; at: number | null; lo: number | null; hi: number | null; t: string }
export interface Knee { w: number; others: string; kept: number | null; at: number | null; lo: number | null; hi: number | null; t: string }
export interface Distribution { w: number; s: number; what: string; due: number; failed?: number; ms: number[]; table: [string, string][] }
export interface Heat { w: number; s: number; low: number; counts: number[][]; errors?: number[] }
export interface Trajectory { w: number; round: number; steady: boolean; s: number | null; rates?: number[]; ms?: number[]; t: string; cycle?: number; pilot?: boolean }
export interface Capacity { w: number; s: number; goal: string; v: number | null; lo: number | null; hi: number | null; open?: boolean; lower: number | null; upper: number | null; n: number; t: string; i: string; b: string; q: string }
export interface Overload { w: number; s: number; times: string; lasts: string; v: number | null; lo: number | null; hi: number | null; back: number | null; offered: string; goodput: string; t: string; errors: string; again: string; causes?: string; n: number; q: string }
export interface ScalePoint { n: number; v: number | null; lo: number | null; hi: number | null; up: number | null; upLo: number | null; upHi: number | null; open?: boolean; cells: string[] }
export interface Scaling { w: number; name: string; s: number; factor: string; points: ScalePoint[]; law: [number | null, number | null, number | null]; peak: number | null; peakLo: number | null; peakHi: number | null; said: string }
export interface Mean { a: number; b: number; v: number | null; lo: number | null; hi: number | null; over: number; n: number; t: string; i: string; range: string; why?: string }
export interface Causes { w: number; s: number; due: number; failed: number; by: { what: string; x: number; t: string }[]; t: string }
export interface Signal { id: string; name: string; what: string; worst: string; near: number | null; trials: number; read: number; q: string; limits: string }
export interface Warming { w: number; v: number | null; lo: number | null; hi: number | null; class: string; cells: string[]; pilot?: string }
export interface Foreign { label: string; metric: string; x: number[]; y: (number | null)[]; t: string[] }
export interface Summary { label: string; at?: string; values: { metric: string; v: number | null; t: string }[] }
export interface Overlays { said: string; caveats: string[]; curves: Foreign[]; summaries: Summary[] }
export interface OwnTime {
  w: number; s: number; lag: number | null; share: number | null; busy: number | null;
  lagText: string; shareText: string; busyText: string; response: string; q: string;
}
export interface Claim { claim: string; says?: string; outcome: string; figure: string }
export interface Skipped { subject: string; variant: Record<string, string>; reason: string; hint: string }

interface Detail {
  whos: Who[] | null; settings: Setting[] | null; factors: Factor[] | null; metrics: Metric[] | null; notes: Note[] | null;
  figures: Fig[] | null; comparisons: Comparison[] | null; sweeps: Sweep[] | null; fits: Fit[] | null;
  crossings: Crossing[] | null; knees: Knee[] | null;
  distributions: Distribution[] | null; heats: Heat[] | null; warmups: Trajectory[] | null; instrument: OwnTime[] | null;
  objectives: string[] | null; falls: string[] | null; failed: string[] | null; invalid: string[] | null;
  capacities: Capacity[] | null; capacityPairs: string[][] | null; critical: string[][] | null; overloads: Overload[] | null;
  scaling: Scaling[] | null; means: Mean[] | null; causes: Causes[] | null; signals: Signal[] | null; warmed: Warming[] | null;
  slopes: string[] | null; aa: string[] | null; removals: [number, number][] | null;
  terms: string[][] | null; method: [string, string][] | null; machine: [string, string][] | null;
}
export interface Content {
  version: number; title: string; answer: string[]; publishable: boolean; whyNot: string[]; primary: string;
  notes: Note[]; claims: Claim[]; skipped: Skipped[]; began?: string; detail: Detail;
}

export const page: Content & { kind?: "profile" } = JSON.parse(document.getElementById("data")!.textContent!);

type Full = { [K in keyof Detail]: NonNullable<Detail[K]> } & { flames: FlameEntry[]; pilots?: string; removed?: string; overlays?: Overlays };
const raw = page.detail as unknown as Record<string, unknown[] | null>;
for (const k of ["whos", "settings", "factors", "metrics", "notes", "figures", "comparisons", "sweeps", "fits", "crossings",
  "flames", "knees", "distributions", "heats", "warmups", "instrument", "objectives", "falls", "failed", "invalid", "terms", "method", "machine",
  "capacities", "capacityPairs", "critical", "overloads", "scaling", "means", "causes", "signals", "warmed", "slopes", "aa", "removals"]) {
  raw[k] ??= [];
}
export const d = page.detail as Full;

/** What a variant is called in a picture: without the factors in which all are alike. The legend has its whole name. */
export const short: string[] = d.whos.map((who) => {
  const keys = Object.keys(who.variant ?? {}).sort().filter((k) => d.whos.some((o) => o.variant?.[k] !== undefined && o.variant[k] !== who.variant![k]));
  const said = keys.map((k) => (/^(none|no|yes|true|false|on|off|[\d.]+)$/.test(who.variant![k]) ? `${k}=${who.variant![k]}` : who.variant![k]));
  return [who.subject, ...said].join(" ");
});

const index = new Map<string, Fig>();
for (const f of d.figures) index.set(`${f.m}/${f.w}/${f.s}`, f);

/** The figure of a metric, a variant and a setting, if there is one. */
export const figure = (m: number, w: number, s: number): Fig | undefined => index.get(`${m}/${w}/${s}`) ?? index.get(`${m}/${w}/-1`);

/** How many times better one of a pair is than the other, and the interval of that: where less is better, the other way round. */
export const betterBy = (c: Comparison, who: number): [string, string] => ((who === c.a) === !!d.metrics[c.m].higher ? [c.t, c.i] : [c.bt, c.bi]);

/** The index of a metric by its key; -1 if nothing has it. */
export const metricOf = (key: string): number => d.metrics.findIndex((m) => m.key === key);

export const primary = metricOf(page.primary);

/** Variants that have a figure of a metric anywhere. */
export const whosWith = (m: number): number[] => d.whos.map((_, w) => w).filter((w) => d.figures.some((f) => f.m === m && f.w === w));

/** The setting that pictures begin with: the last, which is the end of the main factor that answers begin with. */
export const usualSetting = Math.max(0, d.settings.length - 1);
