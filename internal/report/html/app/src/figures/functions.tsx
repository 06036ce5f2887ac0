// Every function of a profile, sorted by what is asked: the table beside the pictures.
import { useState } from "preact/hooks";
import { tint } from "./flame";
import { absent } from "./flamebars";
import { amount, around, change, count, number, per, percent, perRequest, signed, type Model } from "../flame";
import { num, type Cell, type Sheet } from "../figure";
import { choose, option } from "../state";

interface Column { key: string; head: string; text?: boolean; of: (f: number) => Cell }

function columns(m: Model): Column[] {
  const { unit, self, cum, calls, sides } = m.flame, two = sides.length > 1, each = perRequest(m) ? " per request" : "";
  const w = (x: number) => num(amount(x, unit), x), share = (x: number) => num(percent(x), x);
  const cols: Column[] = [{ key: "name", head: "function", text: true, of: (f) => m.fns[f].name }];
  sides.forEach((s, k) => {
    const when = two ? (k ? "after" : "before") : "", head = (what: string) => (when ? `${what}, ${when}` : what + each);
    const gone = (f: number, c: Cell) => (cum[k][f] < 0 ? num("–", null) : c);
    if (calls) cols.push({ key: "calls" + k, head: head("calls"), of: (f) => gone(f, num(perRequest(m) ? number(per(m, k, calls[k][f])) : count(calls[k][f]), per(m, k, calls[k][f]))) });
    cols.push({ key: "self" + k, head: head("itself"), of: (f) => gone(f, w(per(m, k, self[k][f]))) });
    if (!two) cols.push({ key: "share", head: "of all", of: (f) => share(self[k][f] / (s.total || 1)) });
    if (calls && !two) cols.push({ key: "percall", head: "itself, a call", of: (f) => (calls[k][f] > 0 ? w(self[k][f] / calls[k][f]) : num("–", null)) });
    cols.push({ key: "cum" + k, head: head("in all"), of: (f) => gone(f, w(per(m, k, cum[k][f]))) });
    if (!two) cols.push({ key: "cumshare", head: "of all", of: (f) => share(cum[k][f] / (s.total || 1)) });
  });
  if (two) {
    const by = (f: number) => per(m, 1, self[1][f]) - per(m, 0, self[0][f]);
    cols.splice(1, 0, { key: "change", head: "change of its own", of: (f) => num(signed(by(f), unit), by(f)) },
      { key: "state", head: "", text: true, of: (f) => [absent(m, f), m.tested?.[f] === 1 ? "shown" : m.tested?.[f] === 0 ? "not shown" : ""].filter(Boolean).join(", ") || (change(m, self[0][f], self[1][f]).chance ? "within chance" : "") });
  }
  cols.push({ key: "place", head: "where", text: true, of: (f) => m.fns[f].place }, { key: "origin", head: "part of", text: true, of: (f) => m.fns[f].origin });
  return cols;
}

const value = (c: Cell) => (typeof c === "string" ? c : c.v);
const text = (c: Cell) => (typeof c === "string" ? c : c.t);

/** All functions, for a spreadsheet. */
export function functionSheet(m: Model): Sheet {
  const cols = columns(m);
  return { head: cols.map((c) => c.head || c.key), rows: m.fns.map((_, f) => cols.map((c) => c.of(f))) };
}

export function Functions({ id, m, find, label, pick, picked }: { id: string; m: Model; find: RegExp | null; label: string; pick: (f: number) => void; picked: number }) {
  const [all, setAll] = useState(false);
  const cols = columns(m), two = m.flame.sides.length > 1;
  const [key, way] = (option(id, "sort") ?? (two ? "change.size" : "self0.down")).split(".");
  const col = cols.find((c) => c.key === key) ?? cols[1];
  const order = m.fns.map((_, f) => f).filter((f) => !find || find.test(m.fns[f].text)).map((f) => [f, value(col.of(f))] as const).sort(([f, a], [g, b]) => {
    if (a === null || b === null) return (a === null ? 1 : 0) - (b === null ? 1 : 0) || f - g;
    const by = typeof a === "string" ? (a < b ? -1 : a > b ? 1 : 0) : way === "size" ? Math.abs(a) - Math.abs(b as number) : a - (b as number);
    return (way === "up" ? by : -by) || f - g;
  }).map(([f]) => f);
  const shown = all ? order : order.slice(0, 60);
  const sort = (c: Column) => choose(id, "sort", c.key + "." + (key !== c.key ? (c.text ? "up" : c.key === "change" ? "size" : "down") : way === "size" ? "down" : way === "down" ? "up" : c.key === "change" ? "size" : "down"));
  return <>
    <div class="scroll functions" tabIndex={0} role="region" aria-label={"Functions: " + label}>
      <table>
        <thead><tr>{cols.map((c) => <th scope="col" class={c.text ? "" : "n"} aria-sort={c.key === key ? (way === "up" ? "ascending" : "descending") : undefined}>
          {c.head ? <button onClick={() => sort(c)}>{c.head}{c.key === key && <span aria-hidden="true">{way === "up" ? " ↑" : way === "size" ? " ±" : " ↓"}</span>}</button> : <span class="aloud">state</span>}</th>)}</tr></thead>
        <tbody>
          {shown.map((f) => <tr key={f} class={f === picked ? "picked" : ""}>{cols.map((c, i) => i === 0
            ? <th scope="row"><button title="Who calls it, and whom it calls" aria-pressed={f === picked} onClick={() => pick(f === picked ? -1 : f)}>{m.fns[f].name}</button></th>
            : <td class={(c.text ? "t " : "n ") + (c.key === "change" ? direction(value(c.of(f)) as number) : "")}>{text(c.of(f))}</td>)}</tr>)}
        </tbody>
      </table>
    </div>
    <p class="caption">{order.length < m.fns.length && `${order.length} of ${m.fns.length} functions match. `}
      {shown.length < order.length && <button class="more" onClick={() => setAll(true)}>show all {order.length}</button>}
      {m.flame.rest && ` ${m.flame.rest.n} more functions, ${m.flame.rest.self.map((x, k) => amount(per(m, k, x), m.flame.unit)).join(" and ")} themselves all together, are each too small to be listed.`}</p>
  </>;
}

const direction = (x: number) => (x < 0 ? "less" : x > 0 ? "grew" : "");

/** Who calls a function, and whom it calls. */
export function Around({ m, f, pick }: { m: Model; f: number; pick: (f: number) => void }) {
  const fn = m.fns[f], { callers, callees } = around(m, f), counted = !!m.flame.counted, each = perRequest(m) ? " per request" : "";
  const list = (of: [number, number[], number[]][], none: string) => of.length === 0 ? <p class="none">{none}</p> : <ul class="edges">{of.slice(0, 12).map(([g, w, n]) => {
    const top = Math.max(...of[0][1].map((x, k) => per(m, k, x))) || 1;
    return <li><button onClick={() => pick(g)}>{m.fns[g].name}</button>
      <svg viewBox="0 0 100 6" preserveAspectRatio="none" aria-hidden="true">{w.map((x, k) => <rect class={w.length > 1 && k === 0 ? "was" : tintOf(m, g)} y={w.length > 1 ? k * 3 : 0} height={w.length > 1 ? 2.6 : 6} width={(100 * per(m, k, x)) / top} />)}</svg>
      <span>{w.map((x, k) => amount(per(m, k, x), m.flame.unit)).join(" → ")}{counted && `, ${n.map((x, k) => number(per(m, k, x))).join(" → ")} calls`}</span></li>;
  })}</ul>;
  return <div class="around" role="region" aria-label={"Around " + fn.name}>
    <h3>{fn.name} <small>{fn.place}</small> <button onClick={() => pick(-1)} aria-label="close">✕</button></h3>
    <div class="panels">
      <div><h4>Called by <small>{counted ? "its own time under each" : "its time under each, with what it calls"}{each}</small></h4>{list(callers, counted && !m.flame.callers?.length ? "The file does not tell." : "Nobody: it begins a stack.")}</div>
      <div><h4>Calls <small>{counted ? "their own time under it" : "their time under it, with what they call"}{each}</small></h4>{list(callees, counted && !m.flame.callers?.length ? "The file does not tell." : "Nothing that can be seen.")}</div>
    </div>
  </div>;
}

const tintOf = (m: Model, g: number) => tint(m.fns[g].origin);
