import { d, short, usualSetting, type Distribution } from "../data";
import { Choice, Figure, num, SettingPicker, settingOf } from "../figure";
import { belongs, dash, EndTags, fit, ink } from "../marks";
import { path, Plot } from "../plot";
import { domainOf } from "../scale";
import { choose, option, shown } from "../state";

const perDecade = 10;
const percent = (x: number) => { const p = 100 * (1 - 10 ** -x); return `p${Number(p.toFixed(Math.max(0, Math.ceil(x) - 1)))}`; };

/** How response times are spread, far into the tail: every percentile on an axis on which each nine has the same room. */
export function Percentiles() {
  const id = "percentiles", s = settingOf(id, usualSetting);
  const what = option(id, "what") === "service" ? "service" : "response";
  const here = d.distributions.filter((x) => x.s === s && x.what === what && x.ms.length > 1);
  const seen = here.filter((x) => shown(x.w));
  const end = Math.max(1, ...seen.map((x) => (x.ms.length - 1) / perDecade));
  const y = domainOf(seen.flatMap((x) => x.ms), 8);
  return <Figure id={id} title={`${what === "service" ? "Service" : "Response"} time by percentile` + (d.settings[s]?.at ? " " + d.settings[s].at : "")} range={[0, end]}
    controls={<><Choice label="time" value={what} choose={(v) => choose(id, "what", v === "response" ? undefined : v)} of={[["response", "response"], ["service", "service"]]} />
      <SettingPicker id={id} usual={usualSetting} /></>}
    table={() => ({
      head: ["subject", ...d.factors.map((f) => f.name), "time", "percentile", "value, ms", "due", "failed"],
      rows: here.flatMap((x) => x.ms.map((v, i) => [d.whos[x.w].name, ...d.settings[x.s].levels, what, num(percent(i / perDecade), 1 - 10 ** (-i / perDecade)), num(String(v), v), num(String(x.due), x.due), num(String(x.failed ?? 0), x.failed ?? 0)])),
    })}
    caption={<>Of all sound trials together, over the requests that were due: failed ones lie beyond a curve's end.
      {what === "response" ? " Response time runs from the moment a request was due to the last byte of its answer." : " Service time runs from when the request was handed to the kernel."}
      {" "}Each curve ends where fewer than ten requests lie beyond.</>}>
    <Plot id={id} height={380} names={seen.map((x) => short[x.w])} label={words(seen, what)}
      x={{ domain: [0, end], title: "percentile", ticks: [0.30103, 1, 2, 3, 4, 5, 6].filter((t) => t <= end + 0.01), text: percent }}
      y={{ domain: y.domain, logs: y.logs, unit: "ms", title: what + " time" }}
      beside={({ x, y: v, right, top, bottom, width }) => <EndTags x={right} top={top} bottom={bottom}
        tags={seen.map((q) => ({ w: q.w, x: Math.min(right - 3, x((q.ms.length - 1) / perDecade)), y: Math.max(top, Math.min(bottom, v(q.ms.at(-1)!))), text: fit(short[q.w], width - right - 12) }))} />}>
      {({ x, y: v }) => <>
        {seen.map((q) => <g {...belongs(q.w)}>
          <path class="line" d={path(q.ms.map((t, i) => [x(i / perDecade), v(t)]))} style={{ stroke: ink(q.w) }} stroke-dasharray={dash(q.w)}>
            <title>{d.whos[q.w].name + "\n" + q.table.map(([p, t]) => `${p} ${t}`).join("\n")}</title></path>
        </g>)}
      </>}
    </Plot>
  </Figure>;
}

function words(all: Distribution[], what: string): string {
  return `The ${what} time by percentile. ` + all.slice(0, 6).map((q) => `${d.whos[q.w].name}: ${q.table.map((p) => p.join(" ")).join(", ")}`).join("; ") + ".";
}
