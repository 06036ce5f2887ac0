import { d, primary, short, type Mean } from "../data";
import { Choice, Figure, num } from "../figure";
import { choose, chosen } from "../state";
import { Dots, rangeOf, type Dot } from "./dots";

/** Over all settings: the geometric mean of the ratios to one of them, made in each round. */
export function Means() {
  const id = "means", all = d.means.filter((m) => !m.why), whos = [...new Set(all.flatMap((m) => [m.a, m.b]))].sort((a, b) => a - b);
  const to = whos.includes(chosen(id, "of", -1)) ? chosen(id, "of", -1) : all[0].a;
  const here = all.filter((m) => m.a === to).sort((a, b) => (b.v ?? 0) - (a.v ?? 0));
  const dots = here.map(dotOf), { domain, logs } = rangeOf(dots, 1, 4);
  const firsts = [...new Set(all.map((m) => m.a))];
  const refused = d.means.filter((m) => m.why && (m.a === to || m.b === to));
  return <Figure id={id} title={`${all[0].over === 2 ? "Both" : `All ${all[0].over}`} settings together: ${short[to]} to each`} range={domain} logs={logs}
    controls={firsts.length > 1 && <Choice label="of" value={String(to)} choose={(v) => choose(id, "of", v)} of={firsts.map((w) => [String(w), short[w]])} />}
    table={() => ({
      head: ["a", "b", "ratio of a to b", "from", "to", "95 % interval", "least and most of the settings", "settings", "rounds", "why not"],
      rows: d.means.map((m) => [d.whos[m.a].name, d.whos[m.b].name, num(m.t, m.v), num(m.lo === null ? "–" : String(m.lo), m.lo), num(m.hi === null ? "–" : String(m.hi), m.hi), m.i, m.range, num(String(m.over), m.over), num(String(m.n), m.n), m.why ?? ""]),
    })}
    caption={<>Geometric mean of the ratios of {d.metrics[primary]?.head.split(",")[0].toLowerCase()} over all settings, which weigh alike; {d.metrics[primary]?.better}. Softly, the least and the most of the settings' own ratios, which a mean hides.
      {refused.length > 0 && ` There is none for ${refused.map((m) => short[m.a === to ? m.b : m.a]).join(", ")}: ${refused[0].why}.`}</>}>
    <Dots id={id} dots={dots} unit="" title={`ratio of ${short[to]} to each`} far={4} at={1} label={here.map((m) => `${d.whos[m.a].name} to ${d.whos[m.b].name}: ${m.t}`).join("; ")} />
  </Figure>;
}

const dotOf = (m: Mean): Dot => ({
  w: m.b, name: short[m.b], v: m.v, lo: m.lo, hi: m.hi, t: m.t, aside: m.range === "–" ? "" : `(${m.range})`,
  tale: `${d.whos[m.a].name} : ${d.whos[m.b].name}\n${m.t} (${m.i}), ${m.n} rounds\nat the settings ${m.range}`,
});
