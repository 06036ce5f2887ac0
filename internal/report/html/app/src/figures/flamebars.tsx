// Functions by their own weight, as bars; of two profiles, by how that changed. It
// needs no stacks, so that a profile of calls has it too.
import { amount, change, per, percent, perRequest, ratio, shorter, signed, stepOf, type Model } from "../flame";
import { fit } from "../marks";
import { useWidth } from "../plot";
import { tint, type Look } from "./flame";

const most = 28, step = 26;

interface Bar { f: number; v: number; text: [string, string]; kind: string; title: string }

/** The functions with most of their own; or those whose own weight changed most. */
export function barsOf(m: Model, look: Look, find: RegExp | null): Bar[] {
  const each = perRequest(m) ? " per request" : "", { self, unit, sides } = m.flame;
  const bars = m.fns.map((fn, f): Bar => {
    const name = fn.name + (fn.place ? "\n" + fn.place : "");
    if (!look.change) {
      const w = per(m, look.side, self[look.side][f]), share = self[look.side][f] / (sides[look.side].total || 1);
      return { f, v: w, kind: tint(fn.origin), text: [amount(w, unit), percent(share)], title: `${name}\nitself ${amount(w, unit)}${each}, ${percent(share)} of all` };
    }
    const was = per(m, 0, self[0][f]), is = per(m, 1, self[1][f]), c = change(m, self[0][f], self[1][f]), s = stepOf(c);
    return { f, v: is - was, kind: s && m.tested?.[f] !== 0 ? (s < 0 ? "down" : "up") + Math.max(3, Math.abs(s)) : "even", text: [signed(is - was, unit), absent(m, f) ?? ratio(was, is)],
      title: `${name}\nitself ${amount(was, unit)} → ${amount(is, unit)}${each}${m.tested?.[f] === 0 ? "\nThe rounds do not show that it changed." : m.tested?.[f] === 1 ? "\nThe rounds show that it changed." : c.chance ? "\nOther samples alone could have made this change." : ""}` };
  });
  return bars.filter((b) => b.v && (!find || find.test(m.fns[b.f].text))).sort((a, b) => Math.abs(b.v) - Math.abs(a.v) || a.f - b.f).slice(0, most);
}

/** That a function is on one side alone. */
export const absent = (m: Model, f: number) => (m.flame.sides.length < 2 ? null : m.flame.cum[0][f] < 0 ? "new" : m.flame.cum[1][f] < 0 ? "gone" : null);

export function Bars({ m, look, find, full, label, pick, picked }: {
  m: Model; look: Look; find: RegExp | null; full?: number; label: string; pick: (f: number) => void; picked: number;
}) {
  const [ref, width] = useWidth<HTMLDivElement>();
  const bars = barsOf(m, look, find), narrow = width < 560;
  const high = full ?? Math.max(...bars.map((b) => Math.abs(b.v)), 0);
  const names = narrow ? 0 : Math.min(width * 0.42, 420), words = 128, left = names + 12, y0 = 6;
  const line = narrow ? step + 16 : step, height = y0 + bars.length * line + 8;
  const right = Math.max(left + 40, width - (look.change ? 20 : words)), middle = look.change ? left + (right - left) / 2 : left;
  const room = look.change ? Math.max(20, (right - left) / 2 - words * 0.2) : right - left;
  const scale = (v: number) => (high ? (Math.abs(v) / high) * (look.change ? Math.min(room, (right - left) / 2 - 4) : room) : 0);
  return <div class="plot bars" ref={ref}>{width > 0 && (bars.length === 0 ? <p class="none">No function {find ? "matches" : "is told"}.</p> :
    <svg width={width} height={height} viewBox={`0 0 ${width} ${height}`} role="img" aria-label={label + ". " + bars.slice(0, 8).map((b) => `${m.fns[b.f].name} ${b.text.join(", ")}`).join("; ")}>
      {look.change && <line class="base" x1={middle} x2={middle} y1={y0} y2={height - 8} />}
      {bars.map((b, i) => {
        const y = y0 + i * line + (narrow ? 18 : 0), w = Math.max(1, scale(b.v)), x = b.v < 0 ? middle - w : middle, fn = m.fns[b.f];
        const inside = look.change && b.v < 0 ? middle + 6 : x + w + 6, name = shorter(fn.name), px = narrow ? width : names;
        const called = name.find((s) => s.length * 7.4 < px * 0.68) ?? fit(name.at(-1)!, px * 0.72);
        const place = fn.place.replace(/^.*[/\\]/, ""), rest = px - called.length * 7.6 - 10;
        return <g class={b.kind + (picked === b.f ? " picked" : "")} onClick={() => pick(b.f)}>
          <title>{b.title}</title>
          <rect class="back" x="0" y={narrow ? y - 18 : y} width={width} height={line - 2} />
          <text x={narrow ? 0 : names} y={narrow ? y - 6 : y + 15} text-anchor={narrow ? "start" : "end"}>{called}{place.length * 6.6 < rest && place && <tspan class="place" dx="7">{place}</tspan>}</text>
          <rect class="bar" x={x} y={y + 3} width={w} height={step - 9} rx="2" />
          <text class="value" x={look.change && b.v > 0 ? middle - 6 : inside} y={y + 15} text-anchor={look.change && b.v > 0 ? "end" : "start"}>{b.text[0]}<tspan class="place" dx="9">{b.text[1]}</tspan></text>
        </g>;
      })}
    </svg>)}</div>;
}
