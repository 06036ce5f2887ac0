// The page: the question and its answer first, then from the general to the detailed.
import type { FunctionComponent } from "preact";
import { signal } from "@preact/signals";
import { useState } from "preact/hooks";
import { d, metricOf, page, primary } from "./data";
import { Swatch } from "./marks";
import { hidden, only, shown, toggle } from "./state";
import { Capacities, Overloads } from "./figures/capacity";
import { Failures } from "./figures/causes";
import { Conditions } from "./figures/conditions";
import { Cores, scalings } from "./figures/cores";
import { Costs } from "./figures/costs";
import { Curves, rateSweeps } from "./figures/curves";
import { Change, changed, Profiles, profiled } from "./figures/flames";
import { Heats } from "./figures/heat";
import { Lag } from "./figures/lag";
import { Levels, levelSweeps } from "./figures/levels";
import { Matrix } from "./figures/matrix";
import { Matter } from "./figures/matter";
import { Means } from "./figures/means";
import { Overlay, overlaid } from "./figures/overlay";
import { pairKeys, Pairs } from "./figures/pairs";
import { Percentiles } from "./figures/percentiles";
import { Ranking } from "./figures/ranking";
import { Scalings } from "./figures/scaling";
import { Usage, usageMetrics } from "./figures/usage";
import { Warmups } from "./figures/warmup";
import { Control, Machine, Method, Notes, Terms, Troubles, troubled } from "./words";

interface Part { id: string; name: string; of: FunctionComponent; there: boolean }

// Of fewer rates there is no curve, and another picture comes first.
const curved = rateSweeps().some((s) => s.levels.length >= 3);

// Where processors vary, what subjects make of them is the question.
const scaled = d.scaling.some((s) => s.points.length >= 3);

/** The pictures, in their order; those without data are not there. */
const pictures: Part[] = [
  { id: "capacity", name: "capacity", of: Capacities, there: d.capacities.some((c) => c.v !== null || c.lower !== null || c.upper !== null) },
  { id: "overload", name: "beyond capacity", of: Overloads, there: d.overloads.some((o) => o.v !== null) },
  { id: "scaling", name: "scaling", of: Scalings, there: scaled },
  { id: "curves", name: "under rising rates", of: Curves, there: curved },
  { id: "levels", name: "over what is asked", of: Levels, there: primary >= 0 && levelSweeps().length > 0 },
  { id: "ranking", name: "ranking", of: Ranking, there: primary >= 0 },
  { id: "curves", name: "under rising rates", of: Curves, there: !curved && rateSweeps().length > 0 },
  { id: "costs", name: "cost per request", of: Costs, there: d.fits.some((f) => f.metric === "server_cpu" && levelSweeps().some((s) => s.factor === f.factor && s.others === f.others)) },
  { id: "pairs", name: "side by side", of: Pairs, there: primary >= 0 && pairKeys().length > 0 },
  { id: "scaling", name: "scaling", of: Scalings, there: d.scaling.length > 0 && !scaled },
  { id: "cores", name: "scaling", of: Cores, there: !d.scaling.length && metricOf("throughput") >= 0 && scalings().some((s) => s.lines(metricOf("throughput")).length > 0) },
  { id: "means", name: "all settings together", of: Means, there: d.means.some((m) => !m.why && m.v !== null) },
  { id: "overlay", name: "what others measured", of: Overlay, there: overlaid() },
  { id: "matter", name: "does it matter for me?", of: Matter, there: metricOf("server_cpu") >= 0 },
  { id: "percentiles", name: "response times", of: Percentiles, there: d.distributions.some((x) => x.ms.length > 1) },
  { id: "heat", name: "over the window", of: Heats, there: d.heats.length > 0 },
  { id: "failures", name: "failed requests", of: Failures, there: d.causes.length > 0 },
  { id: "usage", name: "CPU and memory", of: Usage, there: usageMetrics().length > 0 },
  { id: "profiles", name: "where the time goes", of: Profiles, there: profiled() },
  { id: "change", name: "what changed", of: Change, there: changed() },
  { id: "matrix", name: "every pair", of: Matrix, there: d.comparisons.length > 0 },
  { id: "warmup", name: "warm-up", of: Warmups, there: d.warmups.some((t) => (t.rates ?? t.ms ?? []).length > 1) },
  { id: "lag", name: "the instrument", of: Lag, there: d.instrument.length > 0 },
  { id: "conditions", name: "conditions", of: Conditions, there: d.signals.some((s) => s.read > 0) },
].filter((p) => p.there);

const texts: Part[] = [
  { id: "notes", name: "notes", of: Notes, there: page.notes.length > 0 },
  { id: "troubles", name: "in no figure", of: Troubles, there: troubled() },
  { id: "control", name: "against themselves", of: Control, there: d.aa.length > 0 },
  { id: "terms", name: "on what terms", of: Terms, there: d.terms.length > 0 },
  { id: "method", name: "how it was measured", of: Method, there: true },
  { id: "machine", name: "the machine", of: Machine, there: d.machine.length > 0 },
].filter((p) => p.there);

const dark = signal(matchMedia("(prefers-color-scheme: dark)").matches);

function turn() {
  dark.value = !dark.value;
  document.documentElement.dataset.theme = dark.value ? "dark" : "light";
}

export function App() {
  const [lead, ...rest] = pictures;
  return <>
    <a class="skip" href="#main" onClick={(e) => { e.preventDefault(); document.getElementById("main")!.focus(); }}>To the answer</a>
    <header class="top">
      <p class="brand">webdyno <span>{[page.began, d.method.find(([k]) => k === "Measured")?.[1]].filter(Boolean).join(" · ")}</span></p>
      <button data-do="theme" onClick={turn} aria-label={dark.value ? "light colours" : "dark colours"}>{dark.value ? "light" : "dark"}</button>
    </header>
    <main id="main" tabIndex={-1}>
      <section class={"first" + (d.whos.length > 12 ? " wide" : "")} aria-label="The answer">
        <h1>{page.title}</h1>
        <Brief />
        <div class="answer">{page.answer.map((s, i) => <Sentence s={s} first={i === 0} />)}</div>
        {lead && <lead.of />}
      </section>
      <Claims />
      <Legend />
      <nav aria-label="On this page"><ul>{[...pictures, ...texts].map((p) => (
        <li><a href={"#" + p.id} onClick={(e) => { e.preventDefault(); document.getElementById(p.id)?.scrollIntoView({ behavior: "smooth" }); }}>{p.name}</a></li>
      ))}</ul></nav>
      {rest.map((p) => <p.of key={p.id} />)}
      {texts.map((p) => <p.of key={p.id} />)}
    </main>
    <footer>Drawn by webdyno from the record beside this file. Nothing on this page was fetched, and it sends nothing.</footer>
  </>;
}

const long = 420; // characters of a sentence that is shown whole

/** A sentence of the answer. One that goes through dozens of subjects is cut at one of them until it is asked for. */
function Sentence({ s, first }: { s: string; first: boolean }) {
  const [whole, show] = useState(s.length <= long * 1.25);
  const cut = whole ? s.length : Math.max(s.lastIndexOf(", ", long), 40);
  return <p class={first ? "said" : ""}>{s.slice(0, cut)}{!whole && <>, … <button class="rest" data-do="rest" onClick={() => show(true)}>all of it</button></>}</p>;
}

/** How the claims came out and whether it may be published, in a line. */
function Brief() {
  const count = (o: string) => page.claims.filter((c) => c.outcome === o).length;
  return <p class="brief">
    {Object.entries(outcomes).map(([o, [glyph, name]]) => count(o) > 0 && <span class={name}><b>{glyph}</b> {count(o)} {count(o) === 1 ? "claim" : "claims"} {plural[o] && count(o) > 1 ? plural[o] : o}</span>)}
    <span class={page.publishable ? "holds" : "open"}>{page.publishable ? "Publishable" : "Not publishable: " + page.whyNot.join("; ")}</span>
  </p>;
}

const plural: Record<string, string> = { holds: "hold", "does not hold": "do not hold" };
const outcomes: Record<string, [string, string]> = { holds: ["✓", "holds"], "does not hold": ["✗", "fails"], undecided: ["?", "open"] };

function Claims() {
  if (!page.claims.length && !d.objectives.length) return null;
  return <section class="outcome" id="claims" aria-label="Claims and objectives">
    {page.claims.length > 0 && <><h2>Claims of the plan</h2><ul class="claims">{page.claims.map((c) => {
    const [glyph, name] = outcomes[c.outcome] ?? ["?", "open"];
    return <li class={name}><b><span aria-hidden="true">{glyph}</span> {c.outcome}</b> {c.says ?? <code>{c.claim}</code>}
      <small>{c.says && <code>{c.claim}</code>} {c.figure}</small></li>;
    })}</ul></>}
    {d.objectives.length > 0 && <details><summary>{d.objectives.length} objectives</summary><ul>{d.objectives.map((o) => <li>{o}</li>)}</ul></details>}
  </section>;
}

/** Which variants are drawn: one legend for all pictures, by click or by the keys 1 to 9. */
function Legend() {
  if (d.whos.length < 2) return null;
  return <div class={"legend" + (d.whos.length > 12 ? " many" : "")} role="group" aria-label="Subjects shown in all pictures">
    {d.whos.map((w, i) => <button key={i} data-do="toggle" data-who={i} aria-pressed={shown(i)} onClick={() => toggle(i)} onDblClick={() => only(i)}
      title={"Click: show or hide. Double-click: this one alone." + (i < 9 ? ` Key ${i + 1}.` : "")}><Swatch w={i} />{w.name}{w.bound ? " (a bound)" : ""}</button>)}
    {hidden.value.size > 0 && <button class="all" data-do="all" onClick={() => { hidden.value = new Set(); }}>all</button>}
  </div>;
}

addEventListener("keydown", (e) => {
  const el = e.target as HTMLElement;
  if (e.ctrlKey || e.metaKey || e.altKey || /^(INPUT|SELECT|TEXTAREA)$/.test(el.tagName)) return;
  const i = "123456789".indexOf(e.key);
  if (i >= 0 && i < d.whos.length) toggle(i);
});
