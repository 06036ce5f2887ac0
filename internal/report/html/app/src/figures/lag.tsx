import { d, short, usualSetting } from "../data";
import { Figure, num, SettingPicker, settingOf } from "../figure";
import { fit, ink } from "../marks";
import { useDrag, useWidth } from "../plot";
import { log, tick } from "../scale";
import { shown, zoomOf } from "../state";

/** How much of the times is the instrument's own: its lag and how busy it was, beside each. */
export function Lag() {
  const id = "lag", s = settingOf(id, usualSetting);
  const here = d.instrument.filter((o) => o.s === s);
  return <Figure id={id} title={"The instrument's own part" + (d.settings[s]?.at ? " " + d.settings[s].at : "")}
    range={lagDomain(here)} logs
    controls={<SettingPicker id={id} usual={usualSetting} />}
    table={() => ({
      head: ["subject", ...d.factors.map((f) => f.name), "response time, p99", "own lag, p99", "lag, us", "of the response time", "engine's CPU", "grade"],
      rows: d.instrument.map((o) => [d.whos[o.w].name, ...d.settings[o.s].levels, o.response, o.lagText, num(o.lag === null ? "–" : String(o.lag), o.lag), num(o.shareText, o.share), num(o.busyText, o.busy), o.q]),
    })}
    caption="Lag: from when a connection was ready until the request was handed to the kernel, at p99 (tick), beside the p99 response time (mark), of all trials together. Engine: how busy its own CPUs were in the median trial. With a mark of exclamation, and in another colour: grade L, the times are not to be trusted.">
    <LagRows id={id} whos={here.filter((o) => shown(o.w))} />
  </Figure>;
}

const p99 = (o: (typeof d.instrument)[number]) => (o.lag !== null && o.share ? o.lag / 1000 / o.share : null);

const said = (o: (typeof d.instrument)[number]) => `lag ${o.lagText}, ${o.shareText}; engine ${o.busyText}${o.q === "L" ? " !" : ""}`;

function lagDomain(whos: typeof d.instrument): [number, number] {
  const xs = whos.flatMap((o) => [o.lag === null ? null : o.lag / 1000, p99(o)]).filter((v): v is number => v !== null && v > 0);
  return xs.length ? [Math.min(...xs) / 1.3, Math.max(...xs) * 1.3] : [0.001, 1];
}

function LagRows({ id, whos }: { id: string; whos: typeof d.instrument }) {
  const [ref, width] = useWidth<HTMLDivElement>();
  const narrow = width < 620, step = narrow ? 58 : whos.length > 12 ? 26 : 34, top = 8;
  const names = narrow ? 8 : Math.min(width * 0.3, Math.max(60, ...whos.map((o) => short[o.w].length * 8.1 + 16)));
  const left = names + 8, words = Math.max(120, ...whos.map((o) => said(o).length * 7.2 + 22)), right = Math.max(left + 60, width - (narrow ? 20 : words)), bottom = top + whos.length * step;
  const xs = log(zoomOf(id) ?? lagDomain(whos), [left, right]);
  const { drag, on } = useDrag(id, () => xs, left, right);
  const x = Object.assign((v: number) => Math.max(left, Math.min(right, xs(v))), { ticks: xs.ticks });
  return <div class="plot" ref={ref}>{width > 0 && <svg width={width} height={bottom + 40} viewBox={`0 0 ${width} ${bottom + 40}`} role="img"
    aria-label={whos.map((o) => `${d.whos[o.w].name}: response p99 ${o.response}, own lag ${o.lagText}, ${o.shareText} of it; engine busy ${o.busyText}`).join("; ")} {...on}>
    <g class="grid">{x.ticks(Math.max(2, (right - left) / 70)).map((v) => <line x1={x(v)} x2={x(v)} y1={top} y2={bottom} />)}</g>
    <g class="axis"><line class="base" x1={left} x2={right} y1={bottom} y2={bottom} />
      {x.ticks(Math.max(2, (right - left) / 70)).map((v) => <text x={x(v)} y={bottom + 16} text-anchor="middle">{tick(v, "ms")}</text>)}
      <text class="title" x={right} y={bottom + 33} text-anchor="end">at p99 (logarithmic)</text></g>
    {whos.map((o, i) => {
      const y = top + i * step + (narrow ? 26 : step / 2), end = p99(o);
      return <g>
        <text class="name" x={narrow ? 8 : names} y={narrow ? y - 16 : y} dy="0.35em" text-anchor={narrow ? "start" : "end"} style={{ fill: ink(o.w) }}>{fit(short[o.w], narrow ? width : names)}</text>
        {o.lag !== null && <line class="own" x1={left} x2={x(o.lag / 1000)} y1={y} y2={y} />}
        {o.lag !== null && <line class="owntick" x1={x(o.lag / 1000)} x2={x(o.lag / 1000)} y1={y - 6} y2={y + 6} />}
        {end !== null && <circle cx={x(end)} cy={y} r="5" style={{ fill: ink(o.w) }}><title>{o.response}</title></circle>}
        <text class={"value" + (o.q === "L" ? " doubt" : "")} x={narrow ? 8 : right + 14} y={narrow ? y + 18 : y} dy="0.35em">{said(o)}</text>
      </g>;
    })}
    {drag && <rect class="drag" x={Math.min(...drag)} y={top} width={Math.abs(drag[1] - drag[0])} height={bottom - top} />}
  </svg>}</div>;
}
