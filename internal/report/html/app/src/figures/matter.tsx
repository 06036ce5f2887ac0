import { d, short, figure, metricOf, usualSetting, type Fig } from "../data";
import { Figure, num, SettingPicker, settingOf } from "../figure";
import { ink } from "../marks";
import { choose, option, shown } from "../state";

const usualRate = 100, little = 0.05;
const pct = (x: number) => (100 * x < 0.01 && x > 0 ? "< 0.01 %" : Number((100 * x).toPrecision(3)) + " %");

/** Does it matter for me? The server's share of a core at the reader's own rate, and the most that changing it could gain. */
export function Matter() {
  const id = "matter", m = metricOf("server_cpu"), s = settingOf(id, usualSetting);
  const rate = Math.max(0, Number(option(id, "rate") ?? usualRate) || 0);
  const rows = d.whos.map((_, w) => figure(m, w, s)).filter((f): f is Fig => !!f && f.v !== null && shown(f.w)).sort((a, b) => b.v! - a.v!);
  const least = rows.at(-1);
  const share = (f: Fig) => (rate * f.v!) / 1e6;
  const gain = (f: Fig) => (least ? share(f) - share(least) : 0);
  const top = rows[0];
  return <Figure id={id} title="Does it matter for me?"
    controls={<><label class="choice">My application answers <input type="number" min="0" step="any" value={String(rate)} aria-describedby="matter-said"
      onInput={(e) => choose(id, "rate", e.currentTarget.value)} /> requests per second per core</label><SettingPicker id={id} usual={usualSetting} /></>}
    table={() => ({
      head: ["subject", "CPU per request", "share of a core", "most a change could gain", "gain by the cheapest here"],
      rows: rows.map((f) => [d.whos[f.w].name, num(f.t, f.v), num(pct(share(f)), share(f)), num(pct(Math.min(1, share(f))), Math.min(1, share(f))), num(pct(gain(f)), gain(f))]),
    })}
    caption="The server's share of a core is the rate times its CPU per request. A server that cost nothing would give that much back, and no other change of server could give more. What the application itself does is not measured here.">
    <p id="matter-said" class="said" aria-live="polite">{top && said(rate, top, share(top))}</p>
    <ul class="shares">{rows.map((f) => {
      const x = share(f);
      return <li><span class="who" style={{ color: ink(f.w) }}>{short[f.w]}</span>
        <svg class="share" viewBox="0 0 100 10" preserveAspectRatio="none" role="img" aria-label={`${d.whos[f.w].name}: ${pct(x)} of a core`}>
          <rect class="whole" width="100" height="10" /><rect width={Math.min(100, 100 * x)} height="10" style={{ fill: ink(f.w) }} /><line class="five" x1="5" x2="5" y1="0" y2="10" />
        </svg>
        <span class="what">{x > 1 ? `more than a core: it can do ${Math.floor(1e6 / f.v!)} a second` : x < little ? `${pct(x)}: it does not matter` : `${pct(x)}; ${least && f !== least ? pct(gain(f)) + " less with " + short[least.w] : "the cheapest here"}`}</span></li>;
    })}</ul>
  </Figure>;
}

function said(rate: number, top: Fig, x: number): string {
  const who = short[top.w];
  if (!rate) return "Say how many requests per second each of your cores answers.";
  if (x < little) return `At ${rate} requests per second per core, even the costliest server here, ${who}, takes ${pct(x)} of the time. Below 5 %: changing servers does not matter for you; look at what your handlers do.`;
  if (x > 1) return `${rate} requests per second are more than a core can do with ${who}.`;
  return `At ${rate} requests per second per core, ${who} takes ${pct(x)} of the time. That is the most that changing servers could gain.`;
}
