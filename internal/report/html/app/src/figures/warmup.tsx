import { d, short, type Trajectory } from "../data";
import { Choice, Figure, num, Table } from "../figure";
import { ink } from "../marks";
import { path, Plot } from "../plot";
import { domainOf } from "../scale";
import { choose, option, shown } from "../state";

type What = "rate" | "service";
const of = (t: Trajectory, what: What) => (what === "rate" ? t.rates : t.ms) ?? [];

/** Round how many settings the slices go; old records do not say, and went round them all. */
const turns = (t: Trajectory) => t.cycle ?? Math.max(1, d.settings.length);

/** The slices of a warm-up as lines. Slices that go round several settings are set against where each setting came to, so that they are one line. */
function course(t: Trajectory, what: What): number[] {
  const all = of(t, what), c = turns(t);
  if (c < 2) return all;
  const ends = Array.from({ length: c }, (_, k) => {
    const own = all.filter((_, i) => i % c === k), late = own.slice(-Math.max(1, Math.ceil(own.length / 3))).sort((a, b) => a - b);
    return late[Math.floor(late.length / 2)] || 1;
  });
  return all.map((v, i) => v / ends[i % c]);
}

/** How each subject came to its pace after a fresh start: a line for each round. */
export function Warmups() {
  const id = "warmup", what: What = option(id, "what") === "service" ? "service" : "rate";
  const whos = [...new Set(d.warmups.map((t) => t.w))];
  const drawn = whos.filter((w) => d.warmups.some((t) => t.w === w && drawable(t, what)));
  const end = Math.max(...d.warmups.map((t) => t.s ?? 0));
  return <Figure id={id} title="How they warmed up" range={drawn.length ? [0, end] : undefined} undrawn={!drawn.length}
    controls={<Choice label="as" value={what} choose={(v) => choose(id, "what", v === "rate" ? undefined : v)} of={[["rate", "answers per second"], ["service", "mean service time"]]} />}
    table={() => ({
      head: ["subject", "round", "slice", "setting, in turn", what === "rate" ? "answers per second" : "mean service time, ms", "lasted", "steady", "course"],
      rows: d.warmups.flatMap((t) => of(t, what).map((v, i) => [d.whos[t.w].name, num(String(t.round), t.round), num(String(i + 1), i + 1), num(String((i % turns(t)) + 1), (i % turns(t)) + 1),
        num(String(v), v), t.t, t.steady ? "yes" : "no", d.warmed.find((w) => w.w === t.w)?.class ?? ""])),
    })}
    caption={<>Of the freshly started subject, slice by slice, before anything was counted; each line is a round. Dashed: it had not settled when the warm-up ended.{d.warmups.some((t) => t.pilot) && " Thick: the pilot, longer than the others, by which they were planned."}
      {d.warmups.some((t) => turns(t) > 1) && " Slices went round the settings in turn: each is set against what its own setting came to in that round, which is 1."}
      {d.warmed.some((w) => w.v) && " The upright line: how much load it took to be steady, the median of its starts."} {d.pilots}</>}>
    <div class="panels three">{drawn.filter(shown).map((w) => <One w={w} what={what} />)}</div>
    {drawn.length < whos.length && <p class="none">{drawn.length ? whos.filter((w) => !drawn.includes(w)).map((w) => short[w]).join(", ") + ": too" : "Too"} short to draw: fewer than two slices of each setting.</p>}
    {d.warmed.length > 0 && <Table label="From a cold start" sheet={{
      head: ["from a cold start", "listens", "answers", "first answer", "under load", "steady after", "starts"],
      rows: d.warmed.filter((w) => shown(w.w)).map((w) => [d.whos[w.w].name, ...w.cells]),
    }} />}
  </Figure>;
}

const drawable = (t: Trajectory, what: What) => of(t, what).length >= Math.max(2, 2 * turns(t));

function One({ w, what }: { w: number; what: What }) {
  const all = d.warmups.filter((t) => t.w === w && drawable(t, what));
  const around = all.some((t) => turns(t) > 1), lines = all.map((t) => course(t, what));
  const y = domainOf(lines.flat(), 1e9), end = Math.max(...all.map((t) => t.s ?? of(t, what).length));
  const warmed = d.warmed.find((x) => x.w === w), unit = what === "rate" ? "req/s" : "ms";
  return <div><h3 style={{ color: ink(w) }}>{short[w]} {warmed && warmed.cells[3] !== "–" && <span class="soft">{warmed.cells[3]}</span>}</h3>
    <Plot id="warmup" height={200} label={`Warm-up of ${d.whos[w].name}: ${all.length} rounds, ${all.map((t) => t.t)[0]}${warmed ? `, ${warmed.cells[3]}, steady after ${warmed.cells[4]}` : ""}`}
      x={{ domain: [0, end], title: "since it was ready", unit: "s" }}
      y={{ domain: y.domain, unit: around ? "" : unit, title: (what === "rate" ? "answers" : "service time") + (around ? ", of where it came to" : "") }}>
      {({ x, y: v, left, right, top, bottom }) => <>
        {around && <line class="same" x1={left} x2={right} y1={v(1)} y2={v(1)} />}
        {warmed?.v ? <line class="steady" x1={x(warmed.v)} x2={x(warmed.v)} y1={top} y2={bottom}><title>{`steady after ${warmed.cells[4]}`}</title></line> : null}
        {all.map((t, k) => { const n = lines[k].length; return <path class={"thin" + (t.pilot ? " pilot" : "")} stroke-dasharray={t.steady ? undefined : "4 3"} style={{ stroke: ink(w) }}
          d={path(lines[k].map((r, i) => [x(((i + 1) / n) * (t.s ?? n)), v(r)]))}><title>{`round ${t.round}${t.pilot ? ", the pilot" : ""}, ${t.t}${t.steady ? "" : ", not settled"}`}</title></path>; })}
      </>}
    </Plot></div>;
}
