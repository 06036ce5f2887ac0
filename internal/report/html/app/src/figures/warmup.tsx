import { d, short, type Trajectory } from "../data";
import { Choice, Figure, num } from "../figure";
import { ink } from "../marks";
import { path, Plot } from "../plot";
import { domainOf } from "../scale";
import { choose, option, shown } from "../state";

/** How each subject came to its pace after a fresh start: a line for each round. */
export function Warmups() {
  const id = "warmup";
  const what = option(id, "what") === "service" ? "service" : "rate";
  const of = (t: Trajectory) => (what === "rate" ? t.rates : t.ms) ?? [];
  const whos = [...new Set(d.warmups.map((t) => t.w))];
  return <Figure id={id} title="How they warmed up"
    controls={<Choice label="as" value={what} choose={(v) => choose(id, "what", v === "rate" ? undefined : v)} of={[["rate", "answers per second"], ["service", "mean service time"]]} />}
    table={() => ({
      head: ["subject", "round", "slice", what === "rate" ? "answers per second" : "mean service time, ms", "lasted", "steady"],
      rows: d.warmups.flatMap((t) => of(t).map((v, i) => [d.whos[t.w].name, num(String(t.round), t.round), num(String(i + 1), i + 1), num(String(v), v), t.t, t.steady ? "yes" : "no"])),
    })}
    caption="Of the freshly started subject, slice by slice, before anything was counted; each line is a round. Dashed: it had not settled when the warm-up ended.">
    <div class="panels three">{whos.filter(shown).map((w) => {
      const all = d.warmups.filter((t) => t.w === w && of(t).length > 1);
      if (!all.length) return null;
      const y = domainOf(all.flatMap(of), 1e9), end = Math.max(...all.map((t) => t.s ?? of(t).length));
      return <div><h3 style={{ color: ink(w) }}>{short[w]}</h3>
        <Plot id={id + w} height={200} label={`Warm-up of ${d.whos[w].name}: ${all.length} rounds, ${all.map((t) => t.t)[0]}`}
          x={{ domain: [0, end], title: "since it was ready", unit: "s" }}
          y={{ domain: y.domain, unit: what === "rate" ? "req/s" : "ms", title: what === "rate" ? "answers" : "service time" }}>
          {({ x, y: v }) => all.map((t) => { const n = of(t).length; return <path class="thin" stroke-dasharray={t.steady ? undefined : "4 3"} style={{ stroke: ink(w) }}
            d={path(of(t).map((r, i) => [x(((i + 1) / n) * (t.s ?? n)), v(r)]))}><title>{`round ${t.round}, ${t.t}${t.steady ? "" : ", not settled"}`}</title></path>; })}
        </Plot></div>;
    })}</div>
  </Figure>;
}
