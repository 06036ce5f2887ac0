// What every picture has around it: a heading, its controls, a way to save it, its
// numbers as a table, and a link to what is shown.
import type { ComponentChildren } from "preact";
import { useRef, useState } from "preact/hooks";
import { d, page } from "./data";
import { saveCSV, savePNG, saveSVG } from "./save";
import { at, choose, chosen, fragment, option, zoomOf } from "./state";

export type Cell = string | { t: string; v: number | null };
export interface Sheet { head: string[]; rows: Cell[][] }
export const num = (t: string, v: number | null): Cell => ({ t, v });

interface Props {
  id: string;
  title: string;
  caption?: ComponentChildren;
  controls?: ComponentChildren;
  table: () => Sheet;
  numbers?: ComponentChildren; // instead of the table, where it is more than one
  open?: boolean; // the numbers, to begin with
  range?: [number, number]; // of x, where one can zoom
  logs?: boolean; // of x
  undrawn?: boolean; // there is no picture to save
  children: ComponentChildren;
}

export function Figure({ id, title, caption, controls, table, numbers, open: opened, range, logs, undrawn, children }: Props) {
  const body = useRef<HTMLDivElement>(null);
  const [open, setOpen] = useState(!!opened);
  const [copied, setCopied] = useState(false);
  const name = (d.whos.length || page.kind ? document.title.replace(/ · webdyno$/, "") : "webdyno").replace(/[^\w]+/g, "-").toLowerCase() + "-" + id;
  const link = () => {
    at.value = id;
    const url = location.href.replace(/#.*$/, "") + fragment(id);
    navigator.clipboard?.writeText(url).catch(() => {});
    setCopied(true);
    setTimeout(() => setCopied(false), 2000);
  };
  return (
    <section class="figure" id={id} aria-labelledby={id + "-title"}>
      <header>
        <h2 id={id + "-title"}>{title}</h2>
        <div class="tools">
          {range && <Zoom id={id} title={title} range={range} logs={logs} />}
          <button data-do="link" aria-label={`${copied ? "copied" : "link"}: ${title}`} onClick={link} title="Link to this figure as it is shown">{copied ? "copied" : "link"}</button>
          {!undrawn && <button data-do="svg" aria-label={`SVG: ${title}`} onClick={() => saveSVG(body.current!, name)}>SVG</button>}
          {!undrawn && <button data-do="png" aria-label={`PNG: ${title}`} onClick={() => savePNG(body.current!, name)}>PNG</button>}
          <button data-do="csv" aria-label={`CSV: ${title}`} onClick={() => saveCSV(table(), name)} title="Download the data behind this figure">CSV</button>
        </div>
      </header>
      {controls && <div class="controls">{controls}</div>}
      <div class="body" ref={body}>{children}</div>
      {caption && <p class="caption">{caption}</p>}
      <details open={opened} onToggle={(e) => setOpen((e.currentTarget as HTMLDetailsElement).open)}>
        <summary>The numbers</summary>
        {open && (numbers ?? <Table sheet={table()} label={title} />)}
      </details>
    </section>
  );
}

export function Table({ sheet, label }: { sheet: Sheet; label: string }) {
  const numeric = sheet.head.map((_, i) => sheet.rows.some((r) => typeof r[i] === "object"));
  return (
    <div class="scroll" tabIndex={0} role="region" aria-label={"Table: " + label}>
      <table>
        <thead><tr>{sheet.head.map((h, i) => <th scope="col" class={numeric[i] ? "n" : ""}>{h}</th>)}</tr></thead>
        <tbody>{sheet.rows.map((r) => (
          <tr>{r.map((c, i) => i === 0
            ? <th scope="row">{text(c)}</th>
            : <td class={numeric[i] ? "n" : ""}>{text(c)}</td>)}</tr>
        ))}</tbody>
      </table>
    </div>
  );
}

const text = (c: Cell) => (typeof c === "string" ? c : c.t);

/** Zoom by keys and clicks; in the picture, by dragging. */
function Zoom({ id, title, range, logs }: { id: string; title: string; range: [number, number]; logs?: boolean }) {
  const to = (f: (a: number, b: number) => [number, number]) => {
    const on = logs ? Math.log10 : (x: number) => x, off = logs ? (x: number) => 10 ** x : (x: number) => x;
    const [a, b] = f(...((zoomOf(id) ?? range).map(on) as [number, number]));
    const lo = Math.max(off(a), range[0]), hi = Math.min(off(b), range[1]);
    const whole = lo <= range[0] * 1.0001 && hi >= range[1] * 0.9999;
    choose(id, "zoom", whole || !(lo < hi) ? undefined : `${Number(lo.toPrecision(4))}~${Number(hi.toPrecision(4))}`);
  };
  const zoomed = zoomOf(id) !== undefined;
  return <>
    <button data-do="zoom-in" aria-label={`zoom in: ${title}`} title="Zoom in; or drag across the picture" onClick={() => to((a, b) => [a + (b - a) / 4, b - (b - a) / 4])}>+</button>
    {zoomed && <>
      <button data-do="zoom-out" aria-label={`zoom out: ${title}`} onClick={() => to((a, b) => [a - (b - a) / 2, b + (b - a) / 2])}>−</button>
      <button data-do="left" aria-label={`move left: ${title}`} onClick={() => to((a, b) => [a - (b - a) / 2, b - (b - a) / 2])}>←</button>
      <button data-do="right" aria-label={`move right: ${title}`} onClick={() => to((a, b) => [a + (b - a) / 2, b + (b - a) / 2])}>→</button>
      <button data-do="whole" aria-label={`whole: ${title}`} onClick={() => choose(id, "zoom", undefined)}>whole</button>
    </>}
  </>;
}

/** The setting a figure shows. */
export const settingOf = (id: string, usual: number) => chosen(id, "s", usual, d.settings.length);

/** Chooses a setting, factor by factor. A level that goes with no other as chosen takes the nearest setting. */
export function SettingPicker({ id, usual }: { id: string; usual: number }) {
  if (d.settings.length < 2) return null;
  const now = d.settings[settingOf(id, usual)];
  const pick = (i: number, level: string) => {
    let best = 0, score = -1;
    d.settings.forEach((s, k) => {
      if (s.levels[i] !== level) return;
      const like = s.levels.filter((l, j) => l === now.levels[j]).length;
      if (like > score) [best, score] = [k, like];
    });
    choose(id, "s", String(best));
  };
  return <>{d.factors.map((f, i) => f.levels.length > 1 && (
    <Choice label={f.name} value={now.levels[i]} of={f.levels.map((l) => [l, l])} choose={(l) => pick(i, l)} />
  ))}</>;
}

/** One of several: buttons where they are few, a list where they are many. */
export function Choice({ label, value, of, choose }: { label: string; value: string; of: [string, string][]; choose: (v: string) => void }) {
  if (of.length > 6 || of.reduce((n, [, t]) => n + t.length, 0) > 48) {
    return <label class="choice">{label} <select data-choice={label} value={value} onChange={(e) => choose(e.currentTarget.value)}>
      {of.map(([v, t]) => <option value={v} selected={v === value}>{t}</option>)}
    </select></label>;
  }
  return <div class="choice" role="group" data-choice={label} aria-label={label}><span>{label}</span>
    {of.map(([v, t]) => <button data-value={v} aria-pressed={v === value} onClick={() => choose(v)}>{t}</button>)}
  </div>;
}

/** Chooses one of some metrics. */
export function MetricPicker({ id, of, usual }: { id: string; of: number[]; usual: number }) {
  if (of.length < 2) return null;
  return <Choice label="metric" value={String(metricChosen(id, of, usual))} choose={(v) => choose(id, "m", v)}
    of={of.map((m) => [String(m), d.metrics[m].head.split(",")[0]])} />;
}

export function metricChosen(id: string, of: number[], usual: number): number {
  const m = Number(option(id, "m") ?? usual);
  return of.includes(m) ? m : usual;
}
