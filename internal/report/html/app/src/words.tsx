// What is said in words and tables: notes, what is in no figure, terms, method, machine.
import { d, page } from "./data";
import { num, Table } from "./figure";

export function Notes() {
  return <section id="notes" class="text"><h2>Notes</h2>
    <ul class="notes">{page.notes.map((n) => <li><span class={"grade g" + n.grade} title={"grade " + n.grade}>{n.grade}</span> {n.text}</li>)}</ul>
    <p class="caption">Grades: A clean, B a warning, L response times are not to be trusted, X in no figure.</p>
  </section>;
}

export const troubled = () => page.skipped.length + d.falls.length + d.failed.length + d.invalid.length > 0;

export function Troubles() {
  return <section id="troubles" class="text"><h2>In no figure</h2>
    {page.skipped.length > 0 && <><h3>Skipped</h3><ul>{page.skipped.map((s) => <li><b>{name(s.subject, s.variant)}</b>: {s.reason}{s.hint && <>; mend it with: <code>{s.hint}</code></>}</li>)}</ul></>}
    {d.falls.length + d.failed.length > 0 && <><h3>Failed</h3><Long all={[...d.falls, ...d.failed]} /></>}
    {d.invalid.length > 0 && <><h3>Invalid trials</h3><Long all={d.invalid} /></>}
    {d.removals.some(([x]) => x > 0) && <details><summary>Taken out of each subject</summary><Table label="Trials taken out" sheet={{
      head: ["subject", "invalid trials", "of"], rows: d.removals.map(([x, n], w) => [d.whos[w].name, num(String(x), x), num(String(n), n)]),
    }} /></details>}
  </section>;
}

const most = 8;

/** A list of which the end is folded away where it is long. */
function Long({ all }: { all: string[] }) {
  return <><ul>{all.slice(0, most).map((s) => <li>{s}</li>)}</ul>
    {all.length > most && <details><summary>{all.length - most} more</summary><ul>{all.slice(most).map((s) => <li>{s}</li>)}</ul></details>}</>;
}

/** What came of measuring subjects against themselves. */
export function Control() {
  return <section id="control" class="text"><h2>Subjects against themselves</h2>{d.aa.map((s) => <p>{s}</p>)}</section>;
}

function name(subject: string, variant: Record<string, string>): string {
  const parts = Object.keys(variant).sort().map((k) => `${k}=${variant[k]}`);
  return subject + (parts.length ? `[${parts.join(",")}]` : "");
}

export function Terms() {
  const [head, ...rows] = d.terms;
  return <section id="terms" class="text"><h2>On what terms</h2><Table label="On what terms" sheet={{ head: ["subject", ...head.slice(1)], rows: rows.map((r) => r.map((c, i) => (i > 0 && /^\d+$/.test(c) ? num(c, Number(c)) : c))) }} />
    <p class="caption">Head and body in bytes, of the first answer before any load; kept: what became of connections that the load would keep; processes and threads at the end of a window, the most there were.</p>
  </section>;
}

export function Method() {
  return <section id="method" class="text"><h2>How it was measured</h2>
    <dl>{d.method.map(([k, v]) => <div><dt>{k}</dt><dd>{v}</dd></div>)}</dl>
  </section>;
}

const foremost = ["cpu.model", "cpu.logical", "memory.total", "kernel.release", "os.name", "os.release"];

export function Machine() {
  const first = d.machine.filter(([k]) => foremost.includes(k));
  const rest = d.machine.filter(([k]) => !foremost.includes(k));
  return <section id="machine" class="text"><h2>The machine</h2>
    <dl>{first.map(([k, v]) => <div><dt>{k}</dt><dd>{v}</dd></div>)}</dl>
    <details><summary>{rest.length} more facts</summary><dl class="facts">{rest.map(([k, v]) => <div><dt>{k}</dt><dd>{v}</dd></div>)}</dl></details>
  </section>;
}
