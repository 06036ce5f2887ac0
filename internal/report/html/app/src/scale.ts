// Scales and the words on axes.
import { ticks } from "d3-array";

export interface Scale {
  (x: number): number;
  invert(px: number): number;
  ticks(n: number): number[];
  domain: [number, number];
  log: boolean;
}

export function linear([a, b]: [number, number], [p, q]: [number, number]): Scale {
  const span = b - a || 1;
  const s = ((x: number) => p + ((x - a) / span) * (q - p)) as Scale;
  s.invert = (px) => a + ((px - p) / (q - p)) * span;
  s.ticks = (n) => ticks(a, b, n);
  s.domain = [a, b];
  s.log = false;
  return s;
}

export function log([a, b]: [number, number], [p, q]: [number, number]): Scale {
  const la = Math.log10(a), span = Math.log10(b) - la || 1;
  const s = ((x: number) => p + ((Math.log10(Math.max(x, 1e-300)) - la) / span) * (q - p)) as Scale;
  s.invert = (px) => 10 ** (la + ((px - p) / (q - p)) * span);
  s.ticks = (n) => decades(a, b, n);
  s.domain = [a, b];
  s.log = true;
  return s;
}

/** Powers of ten; 2 and 5 between them where there is room; where even that is little, as on a straight axis. */
function decades(a: number, b: number, n: number): number[] {
  const all = (steps: number[]) => {
    const found: number[] = [];
    for (let e = Math.floor(Math.log10(a)); e <= Math.ceil(Math.log10(b)); e++) {
      for (const k of steps) {
        const x = Number(`${k}e${e}`);
        if (x >= a * 0.999 && x <= b * 1.001) found.push(x);
      }
    }
    return found;
  };
  for (const steps of [[1, 2, 5], [1, 3], [1]]) {
    const found = all(steps);
    if (found.length <= n + 1) return found.length >= 2 ? found : ticks(a, b, n).filter((x) => x > 0);
  }
  const tens = all([1]);
  const every = Math.ceil(tens.length / n);
  return tens.filter((_, i) => i % every === 0);
}

/** The domain that holds all values: from zero, or logarithmic where they are far apart. */
export function domainOf(values: (number | null | undefined)[], far = 10): { domain: [number, number]; logs: boolean } {
  const xs = values.filter((x): x is number => typeof x === "number" && Number.isFinite(x));
  if (!xs.length) return { domain: [0, 1], logs: false };
  const lo = Math.min(...xs), hi = Math.max(...xs);
  if (lo > 0 && hi / lo >= far) return { domain: [lo / 1.12, hi * 1.12], logs: true };
  return { domain: [Math.min(0, lo), hi > 0 ? hi * 1.05 : 1], logs: false };
}

const steps: Record<string, [number, string][]> = {
  us: [[1e6, "s"], [1e3, "ms"], [1, "us"], [1e-3, "ns"]],
  ms: [[1e3, "s"], [1, "ms"], [1e-3, "us"]],
  s: [[1, "s"], [1e-3, "ms"], [1e-6, "us"]],
  MiB: [[1024, "GiB"], [1, "MiB"], [1 / 1024, "KiB"]],
};

/** What stands at a tick: on a straight axis all in the unit of its end. Figures are formatted by webdyno itself; this is for axes alone. */
export function tick(x: number, unit: string, on?: Scale): string {
  if (x === 0) return "0";
  const ladder = steps[unit];
  if (ladder) {
    const size = on && !on.log ? Math.max(...on.domain.map(Math.abs)) : Math.abs(x);
    const [k, name] = ladder.find(([k]) => size >= k * 0.9999) ?? ladder[ladder.length - 1];
    return trim(x / k) + " " + name;
  }
  const s = Math.abs(x) >= 1e6 ? trim(x / 1e6) + "M" : Math.abs(x) >= 1e4 ? trim(x / 1e3) + "k" : trim(x);
  return unit === "%" ? s + " %" : s;
}

const trim = (x: number) => String(Number(x.toPrecision(4)));

/** What an axis is called: the unit is at its ticks where it changes with them. */
export const axisUnit = (unit: string): string => (steps[unit] || unit === "%" ? "" : unit === "req/s" ? "per second" : unit);
