// Where the time goes: the profiles of all variants side by side, and what changed
// between two of them.
import { useMemo, useState } from "preact/hooks";
import { d, short, usualSetting } from "../data";
import { Choice, Figure, SettingPicker, settingOf } from "../figure";
import { amount, expression, matches, modelOf, per, percent, perRequest, speedscope, type FlameEntry, type Model } from "../flame";
import { Swatch } from "../marks";
import { give } from "../save";
import { choose, option, shown } from "../state";
import { colourOrigins, FlameGraph, origins, type Look } from "./flame";
import { Bars, barsOf } from "./flamebars";
import { Around, Functions, functionSheet } from "./functions";

const single = () => d.flames.filter((e) => e.flame.sides.length === 1);
const paired = () => d.flames.filter((e) => e.flame.sides.length === 2);
export const profiled = () => single().length > 0;
export const changed = () => paired().length > 0;

colourOrigins(d.flames.map((e) => modelOf(e.flame)));
for (const e of d.flames) modelOf(e.flame).tested = e.tested;

/** What the reader looks for: one expression for all that a figure shows, its table too. */
function Find({ id, models, unit }: { id: string; models: { name: string; m: Model; sides: number[] }[]; unit: string }) {
  const typed = option(id, "find") ?? "", { find, wrong } = expression(typed);
  const said = find ? models.flatMap(({ name, m, sides }) => {
    const { fns, weight } = matches(m, find);
    const n = fns.filter(Boolean).length, on = m.flame.tree ? "of all is in stacks with one" : "of all is in them";
    return sides.map((k) => `${models.length > 1 || sides.length > 1 ? (sides.length > 1 ? ["before", "after"][k] : name) + ": " : ""}${n} ${n === 1 ? "function matches" : "functions match"}; ${percent(weight[k] / (m.flame.sides[k].total || 1))} ${on}, ${amount(per(m, k, weight[k]), unit)}${perRequest(m) ? " per request" : ""}`);
  }) : [];
  return <div class="find">
    <label>find <input type="search" value={typed} placeholder="name, file or package; a regular expression" spellcheck={false}
      onInput={(e) => choose(id, "find", e.currentTarget.value || undefined)} /></label>
    <span class="what" aria-live="polite">{wrong && "taken as it stands, for it is no regular expression; "}{said.join(" · ")}</span>
  </div>;
}

function Origins({ id }: { id: string }) {
  const typed = option(id, "find") ?? "", literal = (o: string) => o.replace(/[.*+?^${}()|[\]\\]/g, "\\$&") + "$";
  return <ul class="key origins" aria-label="Colours: what functions are part of">{origins().map((o, i) => <li>
    <button aria-pressed={typed === literal(o)} title={"Find what is part of " + o} onClick={() => choose(id, "find", typed === literal(o) ? undefined : literal(o))}>
      <svg width="12" height="12" aria-hidden="true"><rect class={"o" + i} width="12" height="12" rx="2" /></svg> {o}</button></li>)}</ul>;
}

/** The scale of colours of a change. */
function Scale() {
  const steps = ["down4", "down3", "down2", "down1", "even", "up1", "up2", "up3", "up4"];
  const words = ["−70 %", "−30 %", "−10 %", "−2 %", "as before, or within chance", "+2 %", "+10 %", "+30 %", "+70 %"];
  return <p class="scale"><span>less</span>{steps.map((s, i) => <span class="step"><svg width="30" height="12" aria-hidden="true"><rect class={s} width="30" height="12" rx="2" /></svg><small>{words[i]}</small></span>)}<span>more</span></p>;
}

/** A file for speedscope, and where it goes. */
function Elsewhere({ entries }: { entries: { name: string; m: Model }[] }) {
  const drawn = entries.filter((e) => e.m.flame.tree);
  if (!drawn.length) return null;
  const save = (name: string, m: Model) => give(new Blob([speedscope(m, name, m.flame.sides.length > 1 ? ["before", "after"] : [name])], { type: "application/json" }), name.replace(/[^\w.]+/g, "-") + ".speedscope.json");
  return <details class="elsewhere"><summary>Open in speedscope</summary>
    <p>Save {drawn.map((e) => <button onClick={() => save(e.name, e.m)}>{e.name}.speedscope.json</button>)} and drop it on <a href="https://www.speedscope.app" target="_blank" rel="noopener noreferrer">www.speedscope.app</a>,
      which reads it within the browser. It holds what is drawn here: frames below {percent(drawn[0].m.flame.least)} of all are told together. <code>webdyno profile FILE --format speedscope</code> writes all of them.</p></details>;
}

interface Panel { entry: FlameEntry; m: Model; look: Look; name: string; zoom: string }

/** Panels beside each other, by stacks or by function; below them the table. */
function Panels({ id, panels, full, by, wide }: { id: string; panels: Panel[]; full: (p: Panel) => number | undefined; by: string; wide?: boolean }) {
  const { find } = expression(option(id, "find") ?? "");
  const [picked, setPicked] = useState<[Model, number] | null>(null);
  const tops = panels.map((p) => Math.max(0, ...barsOf(p.m, p.look, find).map((b) => Math.abs(b.v))));
  const shared = panels.every((p) => full(p) !== undefined) ? Math.max(...tops) : undefined;
  return <>
    <div class={panels.length > 1 ? "panels flames" + (wide ? " wide" : "") : "flames"}>{panels.map((p) => <div>
      {panels.length > 1 && <h3>{p.entry.w >= 0 && p.entry.b < 0 && <Swatch w={p.entry.w} />} {p.name}</h3>}
      {p.entry.b < 0 && (p.entry.words ?? []).map((w) => <p class="caption">{w}</p>)}
      {by === "stacks" && p.m.flame.tree
        ? <FlameGraph id={id} zoom={p.zoom} m={p.m} look={p.look} find={find} full={full(p)} label={p.name} />
        : <Bars m={p.m} look={p.look} find={find} full={shared} label={p.name} pick={(f) => setPicked(f < 0 ? null : [p.m, f])} picked={picked?.[0] === p.m ? picked[1] : -1} />}
    </div>)}</div>
    {picked && panels.some((p) => p.m === picked[0]) && <Around m={picked[0]} f={picked[1]} pick={(f) => setPicked(f < 0 ? null : [picked[0], f])} />}
  </>;
}

const ways: [string, string][] = [["stacks", "stacks"], ["functions", "functions"]];

/** Where each variant's time goes at a setting. */
export function Profiles() {
  const id = "profiles", all = single(), settings = [...new Set(all.map((e) => e.s))];
  const usual = settings.includes(usualSetting) ? usualSetting : Math.max(0, settings.at(-1)!), s = settingOf(id, usual);
  const here = all.filter((e) => e.s < 0 || e.s === s || settings.length < 2), seen = here.filter((e) => e.w < 0 || shown(e.w));
  const names = seen.map((e) => (e.w >= 0 && seen.filter((o) => o.w === e.w).length < 2 ? short[e.w] : e.name));
  const panels = useMemo(() => seen.map((entry, i): Panel => ({ entry, m: modelOf(entry.flame), look: { side: 0, change: false }, name: names[i], zoom: "z" + all.indexOf(entry) })), [names.join("\n"), s]);
  const stacks = panels.some((p) => p.m.flame.tree), by = stacks ? option(id, "by") ?? "stacks" : "functions";
  const costs = panels.map((p) => per(p.m, 0, p.m.flame.sides[0].total)), top = Math.max(...costs);
  const comparable = panels.length > 1 && panels.every((p) => perRequest(p.m) && p.m.flame.unit === panels[0].m.flame.unit);
  const width = option(id, "width") ?? (comparable && top / Math.min(...costs) <= 4 ? "request" : "own");
  const where = d.settings[s]?.at ? " " + d.settings[s].at : "";
  return <Figure id={id} title={(d.whos.length ? "Where the time goes" : stacks ? "Flame graph" : "Functions") + where}
    controls={<>
      <SettingPicker id={id} usual={usual} />
      {stacks && <Choice label="by" value={by} choose={(v) => choose(id, "by", v === "stacks" ? undefined : v)} of={ways} />}
      {comparable && <Choice label="width" value={width} choose={(v) => choose(id, "width", v)} of={[["request", "per request"], ["own", "share of its own"]]} />}
      <Find id={id} unit={panels[0]?.m.flame.unit ?? "count"} models={panels.map((p) => ({ name: p.name, m: p.m, sides: [0] }))} />
    </>}
    table={() => sheets(panels)}
    numbers={<Tables id={id} panels={panels} />} open={!d.whos.length}
    caption={<>
      {by === "stacks" && stacks && "A frame's width is its share of all, with what it calls; it stands below the one that called it. Click a frame, or press Enter on it, to give it the whole width, and a frame above to go back. "}
      {by === "functions" && "Each function's own, without what it calls. A click tells who calls it, and whom it calls. "}
      {panels.some((p) => !p.m.flame.tree) && "Where a profiler counts calls and keeps no stacks, there is no flame graph: it would be invented. "}</>}>
    {panels.length === 0 ? <p class="none">There is no profile at this setting.</p> : <>
      <Origins id={id} />
      <Panels id={id} panels={panels} by={by} full={() => (width === "request" && comparable ? top : undefined)} />
      <Elsewhere entries={panels.map((p) => ({ name: p.name, m: p.m }))} /></>}
  </Figure>;
}

/** What changed between two profiles. */
export function Change() {
  const id = "change", all = paired(), chosen = Math.min(all.length - 1, Math.max(0, Number(option(id, "pair") ?? 0) || 0)), entry = all[chosen], m = modelOf(entry.flame);
  const stacks = !!m.flame.tree, by = stacks ? option(id, "by") ?? "stacks" : "functions", view = option(id, "view") ?? "after";
  const side = view === "before" ? 0 : 1, beside = view === "beside";
  const titles = entry.name.split(" → ");
  const panels: Panel[] = beside
    ? [0, 1].map((k) => ({ entry, m, look: { side: k, change: false }, name: `${k ? "after" : "before"}: ${titles[k] ?? ""}`, zoom: "z" + chosen }))
    : [{ entry, m, look: { side, change: true }, name: entry.name, zoom: "z" + chosen }];
  const top = Math.max(...[0, 1].map((k) => per(m, k, m.flame.sides[k].total)));
  return <Figure id={id} title={d.whos.length ? "What changed: " + entry.name : "What changed"}
    controls={<>
      {all.length > 1 && <Choice label="from" value={String(chosen)} choose={(v) => choose(id, "pair", v)} of={all.map((e, i) => [String(i), e.name])} />}
      {stacks && <Choice label="by" value={by} choose={(v) => choose(id, "by", v === "stacks" ? undefined : v)} of={ways} />}
      <Choice label={by === "stacks" ? "width" : "show"} value={by === "stacks" || beside ? view : "after"} choose={(v) => choose(id, "view", v === "after" ? undefined : v)}
        of={by === "stacks" ? [["after", "after"], ["before", "before"], ["beside", "side by side"]] : [["after", "change"], ["beside", "side by side"]]} />
      <Find id={id} unit={m.flame.unit} models={[{ name: entry.name, m, sides: [0, 1] }]} />
    </>}
    table={() => functionSheet(m)}
    numbers={<Tables id={id} panels={panels.slice(0, 1)} />} open={!d.whos.length}
    caption={<>
      {by === "stacks" && !beside && `Width is what a frame weighs ${side ? "after" : "before"}${perRequest(m) ? ", per request" : ""}; red frames grew, blue ones shrank, each with all that it calls. ${side ? "What has gone has no width here: look at the widths before." : ""} `}
      {by === "functions" && !beside && `Each function's own${perRequest(m) ? ", per request" : ""}, without what it calls: to the right what grew, to the left what shrank. `}
      {!stacks && "A profiler that counts calls keeps no stacks: there is no flame graph, for it would be invented. "}
      {!beside && m.flame.sides.some((s) => s.grain) && "Grey is a change that other samples alone could have made (two standard deviations of a count). "}
      {m.tested?.some((x) => x >= 0) && by === "functions" && "Grey are also functions of which the rounds do not show that they changed. "}</>}>
    {(entry.words ?? []).map((w) => <p class="change-said">{w}</p>)}
    {beside ? <Origins id={id} /> : <Scale />}
    <Panels id={id} panels={panels} by={by} wide full={() => (beside ? top : undefined)} />
    <Elsewhere entries={[{ name: entry.name, m }]} />
  </Figure>;
}

/** Tables of what is shown, one after the other. */
function Tables({ id, panels }: { id: string; panels: Panel[] }) {
  const { find } = expression(option(id, "find") ?? "");
  const [picked, setPicked] = useState<[Model, number] | null>(null);
  return <>{panels.map((p) => <>
    {panels.length > 1 && <h3>{p.name}</h3>}
    {picked?.[0] === p.m && <Around m={p.m} f={picked[1]} pick={(f) => setPicked(f < 0 ? null : [p.m, f])} />}
    <Functions id={id} m={p.m} find={find} label={p.name} pick={(f) => setPicked(f < 0 ? null : [p.m, f])} picked={picked?.[0] === p.m ? picked[1] : -1} />
  </>)}</>;
}

function sheets(panels: Panel[]) {
  const all = panels.map((p) => functionSheet(p.m));
  if (all.length < 2) return all[0] ?? { head: [], rows: [] };
  const head = [...new Set(all.flatMap((s) => s.head))];
  return { head: ["subject", ...head], rows: all.flatMap((s, i) => s.rows.map((r) => [panels[i].name, ...head.map((h) => r[s.head.indexOf(h)] ?? "")])) };
}

