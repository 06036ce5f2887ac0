import { d, short, usualSetting as last, type Heat } from "../data";
import { Figure, num, SettingPicker, settingOf } from "../figure";
import { ink } from "../marks";
import { Plot } from "../plot";
import { shown } from "../state";

const bins = 8;
const edge = (b: number) => 10 ** (b / bins);

// The last setting of which there is one.
const usualSetting = d.heats.some((h) => h.s === last) ? last : Math.max(0, ...d.heats.map((h) => h.s));

/** Response times second by second: what a single percentile hides. */
export function Heats() {
  const id = "heat", s = settingOf(id, usualSetting);
  const here = d.heats.filter((h) => h.s === s), seen = here.filter((h) => shown(h.w));
  const low = Math.min(...here.map((h) => h.low)), high = Math.max(...here.map((h) => h.low + h.counts[0].length));
  return <Figure id={id} title={"Response times over the window" + (d.settings[s]?.at ? " " + d.settings[s].at : "")}
    range={[0, Math.max(1, ...here.map((h) => h.counts.length))]}
    controls={<SettingPicker id={id} usual={usualSetting} />}
    table={() => ({
      head: ["subject", ...d.factors.map((f) => f.name), "second", "from, ms", "to, ms", "right answers"],
      rows: here.flatMap((h) => h.counts.flatMap((c, t) => c.flatMap((n, b) => n ? [[d.whos[h.w].name, ...(d.settings[h.s]?.levels ?? []), num(String(t), t), num(edge(h.low + b).toPrecision(3), edge(h.low + b)), num(edge(h.low + b + 1).toPrecision(3), edge(h.low + b + 1)), num(String(n), n)]] : []))),
    })}
    caption="Each column is a second of the window, all sound trials together; the darker, the more of that second's right answers took so long. Red along the top: seconds with failed or wrong requests.">
    {here.length === 0 ? <p class="none">There is none at this setting.</p> :
    <div class="panels three">{seen.map((h) => <OneHeat h={h} id={id} low={low} high={high} />)}</div>}
  </Figure>;
}

function OneHeat({ h, id, low, high }: { h: Heat; id: string; low: number; high: number }) {
  const sums = h.counts.map((c) => c.reduce((a, b) => a + b, 0));
  return <div><h3 style={{ color: ink(h.w) }}>{short[h.w]}</h3>
    <Plot id={id} height={220} label={`Response times of ${d.whos[h.w].name}, second by second`}
      x={{ domain: [0, h.counts.length], title: "second of the window" }} y={{ domain: [edge(low), edge(high)], logs: true, unit: "ms", title: "response time" }}>
      {({ x, y, top }) => <g>
        {h.counts.map((c, t) => c.map((n, b) => n > 0 && <rect x={x(t)} width={Math.max(1, x(t + 1) - x(t) - 0.5)} y={y(edge(h.low + b + 1))}
          height={Math.max(1, y(edge(h.low + b)) - y(edge(h.low + b + 1)))} style={{ fill: ink(h.w) }} fill-opacity={(0.06 + 0.94 * Math.sqrt(n / sums[t])).toFixed(2)}>
          <title>{`second ${t}: ${n} answers took ${edge(h.low + b).toPrecision(2)} to ${edge(h.low + b + 1).toPrecision(2)} ms`}</title></rect>))}
        {(h.errors ?? []).map((n, t) => n > 0 && <rect class="bad" x={x(t)} width={x(t + 1) - x(t)} y={top - 6} height="5"><title>{`second ${t}: ${n} failed or wrong`}</title></rect>)}
      </g>}
    </Plot></div>;
}
