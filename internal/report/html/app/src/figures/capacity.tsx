import { d, short, type Capacity, type Overload } from "../data";
import { Choice, Figure, num, Table } from "../figure";
import { choose, option } from "../state";
import { Dots, rangeOf, type Dot } from "./dots";

const places = (all: { s: number }[]) => [...new Set(all.map((c) => c.s))];
const at = (s: number) => (d.settings[s]?.name ? ", " + d.settings[s].name : "");
const first = (all: string[], wish: string | undefined) => (all.includes(wish ?? "") ? wish! : all[0]);

/** The highest rate at which each keeps a goal. */
export function Capacities() {
  const id = "capacity", goals = [...new Set(d.capacities.map((c) => c.goal))], settings = places(d.capacities).map(String);
  const goal = first(goals, option(id, "goal")), s = Number(first(settings, option(id, "s")));
  const here = d.capacities.filter((c) => c.goal === goal && c.s === s).sort((a, b) => (b.v ?? b.lower ?? 0) - (a.v ?? a.lower ?? 0));
  const dots = here.map(capacityDot), { domain, logs } = rangeOf(dots);
  const pairs = d.capacityPairs.filter((p) => p[0] === goal && p[1] === (d.settings[s]?.name ?? ""));
  return <Figure id={id} title={`How much each can take: ${goal}${settings.length > 1 ? at(s) : ""}`} range={domain} logs={logs}
    controls={<>{goals.length > 1 && <Choice label="while" value={goal} choose={(v) => choose(id, "goal", v)} of={goals.map((g) => [g, g])} />}
      {settings.length > 1 && <Choice label="at" value={String(s)} choose={(v) => choose(id, "s", v)} of={settings.map((k) => [k, d.settings[Number(k)]?.name ?? "all"])} />}</>}
    table={() => ({
      head: ["subject", "setting", "goal", "capacity", "from", "to", "95 % interval", "bracket of the search", "rounds", "grade"],
      rows: d.capacities.map((c) => [d.whos[c.w].name, d.settings[c.s]?.name ?? "", c.goal, num(c.t, c.v), num(c.lo === null ? "–" : String(c.lo), c.lo), num(c.hi === null ? "–" : String(c.hi), c.hi), c.i, c.b, num(String(c.n), c.n), c.q]),
    })}
    caption="The highest rate at which a goal is kept: where the staircase of trials of each round ends up. Mark: median over rounds, hollow where it is a bound; bar: 95 % interval; thin line: the bracket of the search that came first.">
    <Dots id={id} dots={dots} unit="req/s" title="more is better" label={`Capacity, ${goal}: ${here.map((c) => `${d.whos[c.w].name} ${c.t}`).join("; ")}.`} />
    {pairs.length > 0 && <details><summary>Compared, round by round</summary><Table label="Capacities compared" sheet={{
      head: ["pair", "ratio", "95 % interval", "p, adjusted", "rounds", "verdict"], rows: pairs.map((p) => p.slice(2)),
    }} /></details>}
    {d.critical.length > 0 && <details><summary>One figure for {goals.length} goals</summary><Table label="Critical: geometric mean of the capacities" sheet={{
      head: ["subject", "setting", "geometric mean of the capacities", "95 % interval", "rounds"], rows: d.critical,
    }} /></details>}
  </Figure>;
}

function capacityDot(c: Capacity): Dot {
  const v = c.v ?? c.lower ?? c.upper;
  return {
    w: c.w, name: short[c.w], v, lo: c.lo, hi: c.hi, from: c.lower, to: c.upper, t: c.v === null ? c.b : c.t, aside: c.i === "–" ? "" : c.i,
    hollow: c.open || c.v === null, more: c.open || (c.v === null && c.upper === null),
    tale: `${d.whos[c.w].name}${at(c.s)}\n${c.goal}: up to ${c.t} (${c.i === "–" ? "too few rounds for an interval" : c.i})\nsearch: ${c.b}\n${c.n} rounds, grade ${c.q}`,
  };
}

/** What is left beyond capacity, and how soon it is over. */
export function Overloads() {
  const id = "overload", times = [...new Set(d.overloads.map((o) => o.times))], settings = places(d.overloads).map(String);
  const x = first(times, option(id, "times") ?? times.at(-1)), s = Number(first(settings, option(id, "s")));
  const here = d.overloads.filter((o) => o.times === x && o.s === s);
  const dots = here.map(overloadDot), { domain, logs } = rangeOf(dots, 1, 1e9);
  return <Figure id={id} title={`Beyond capacity: asked for ${x} times as much for ${here[0]?.lasts ?? "?"} s${settings.length > 1 ? at(s) : ""}`} range={domain} logs={logs}
    controls={<>{times.length > 1 && <Choice label="times" value={x} choose={(v) => choose(id, "times", v)} of={times.map((t) => [t, `× ${t}`])} />}
      {settings.length > 1 && <Choice label="at" value={String(s)} choose={(v) => choose(id, "s", v)} of={settings.map((k) => [k, d.settings[Number(k)]?.name ?? "all"])} />}</>}
    table={() => ({
      head: ["subject", "setting", "times", "offered", "goodput", "of capacity", "failed, median round", "itself again", "seconds", "causes", "rounds", "grade"],
      rows: d.overloads.map((o) => [d.whos[o.w].name, d.settings[o.s]?.name ?? "", num(o.times, Number(o.times)), o.offered, o.goodput, num(o.t, o.v), o.errors, o.again, num(o.back === null ? "–" : String(o.back), o.back), o.causes ?? "", num(String(o.n), o.n), o.q]),
    })}
    caption="Right answers per second while it lasts, as a share of what the subject can take. One is what a server does that sheds the rest and loses nothing by it. It is itself again with the first second in which goodput and p99 are within a tenth of what they were before.">
    <Dots id={id} dots={dots} unit="" title="of its capacity" far={1e9} at={1} label={here.map((o) => `${d.whos[o.w].name}: ${o.t} of its capacity, failed ${o.errors}, itself again ${o.again}`).join("; ")} />
    <ul class="formulas">{here.filter((o) => o.causes).map((o) => <li style={{ borderColor: `var(--c${o.w % 8})` }}><b>{short[o.w]}</b> of those due, over its rounds: {o.causes}</li>)}</ul>
  </Figure>;
}

function overloadDot(o: Overload): Dot {
  return {
    w: o.w, name: short[o.w], v: o.v, lo: o.lo, hi: o.hi, t: o.t, aside: o.again === "–" ? "" : "itself again " + o.again,
    tale: `${d.whos[o.w].name} × ${o.times}\noffered ${o.offered}, goodput ${o.goodput}: ${o.t}\nfailed ${o.errors}; itself again ${o.again}\n${o.n} rounds, grade ${o.q}`,
  };
}
