// The frame of a picture with two axes: grid, ticks, titles, zoom along x.
import type { ComponentChildren } from "preact";
import { useEffect, useId, useRef, useState } from "preact/hooks";
import { axisUnit, linear, log, tick, type Scale } from "./scale";
import { room } from "./marks";
import { choose, zoomOf } from "./state";

export interface Axis {
  domain: [number, number];
  logs?: boolean;
  unit?: string;
  title: string;
  ticks?: number[]; // instead of those the scale would choose
  text?: (x: number) => string;
}

export interface Inside { x: Scale; y: Scale; left: number; right: number; top: number; bottom: number; width: number }

/** The width of an element, as it changes. */
export function useWidth<T extends Element>(): [{ current: T | null }, number] {
  const ref = useRef<T>(null);
  const [width, set] = useState(0);
  useEffect(() => {
    if (!ref.current) return;
    set(ref.current.getBoundingClientRect().width);
    const o = new ResizeObserver(([e]) => set(e.contentRect.width));
    o.observe(ref.current);
    return () => o.disconnect();
  }, []);
  return [ref, width];
}

/** Zooming by dragging across a picture whose x axis is xs; twice clicked, it is whole again. */
export function useDrag(id: string, xs: () => Scale, left: number, right: number) {
  const [drag, setDrag] = useState<[number, number] | null>(null);
  const local = (e: PointerEvent) => e.clientX - (e.currentTarget as Element).getBoundingClientRect().left;
  const up = () => {
    if (drag && Math.abs(drag[1] - drag[0]) > 8) {
      const [a, b] = drag.map((p) => xs().invert(p)).sort((p, q) => p - q);
      choose(id, "zoom", `${Number(a.toPrecision(4))}~${Number(b.toPrecision(4))}`);
    }
    setDrag(null);
  };
  return {
    drag,
    on: {
      onPointerDown: (e: PointerEvent) => { if (e.button === 0 && e.pointerType === "mouse") { const p = local(e); if (p > left && p < right) setDrag([p, p]); } },
      onPointerMove: (e: PointerEvent) => { if (drag) setDrag([drag[0], Math.min(right, Math.max(left, local(e)))]); },
      onPointerUp: up, onPointerLeave: up, onDblClick: () => choose(id, "zoom", undefined),
    },
  };
}

interface Props {
  id: string; // of the figure, whose zoom it follows
  label: string; // for those who cannot see it
  x: Axis; y: Axis;
  height?: number;
  names?: string[]; // that stand to the right
  children: (inside: Inside) => ComponentChildren;
  beside?: (inside: Inside) => ComponentChildren; // drawn outside the axes
}

export function Plot({ id, label, x, y, height = 320, names, children, beside }: Props) {
  const [ref, width] = useWidth<HTMLDivElement>();
  const zoom = zoomOf(id);
  const yText = (v: number) => y.text?.(v) ?? tick(v, y.unit ?? "", ys);
  const margin = names ? room(names, width) : 14;
  const left = 58, top = 22, bottom = height - 40, right = Math.max(left + 40, width - margin);
  const xs = (x.logs ? log : linear)(zoom ?? x.domain, [left, right]);
  const ys = (y.logs ? log : linear)(y.domain, [bottom, top]);
  const inside: Inside = { x: xs, y: ys, left, right, top, bottom, width };
  const clip = useId();
  const within = (v: number) => v >= xs.domain[0] * (x.logs ? 0.999 : 1) - 1e-9 && v <= xs.domain[1] * 1.001 + 1e-9;
  const xTicks = (x.ticks ?? xs.ticks(Math.max(2, Math.floor((right - left) / 70)))).filter(within);

  const { drag, on } = useDrag(id, () => xs, left, right);

  return (
    <div class="plot" ref={ref}>
      {width > 0 && (
        <svg width={width} height={height} viewBox={`0 0 ${width} ${height}`} role="img" aria-label={label} {...on}>
          <clipPath id={clip}><rect x={left - 6} y={top - 8} width={right - left + 12} height={bottom - top + 14} /></clipPath>
          <g class="grid">
            {ys.ticks(5).map((v) => <line key={v} x1={left} x2={right} y1={ys(v)} y2={ys(v)} />)}
          </g>
          <g class="axis">
            {ys.ticks(5).map((v) => <text key={v} x={left - 8} y={ys(v)} dy="0.35em" text-anchor="end">{yText(v)}</text>)}
            <line class="base" x1={left} x2={right} y1={bottom} y2={bottom} />
            {xTicks.map((v) => (
              <g key={v} transform={`translate(${xs(v).toFixed(1)},${bottom})`}>
                <line y2="5" /><text y="17" text-anchor="middle">{x.text?.(v) ?? tick(v, x.unit ?? "", xs)}</text>
              </g>
            ))}
            <text class="title" x={left - 50} y="10">{[y.title, axisUnit(y.unit ?? "")].filter(Boolean).join(", ")}{y.logs ? " (logarithmic)" : ""}</text>
            <text class="title" x={right} y={height - 5} text-anchor="end">{x.title}{x.logs ? " (logarithmic)" : ""} →</text>
          </g>
          <g clip-path={`url(#${clip})`} class="content">{children(inside)}</g>
          {beside?.(inside)}
          {drag && <rect class="drag" x={Math.min(...drag)} y={top} width={Math.abs(drag[1] - drag[0])} height={bottom - top} />}
        </svg>
      )}
    </div>
  );
}

/** A line through points; it is broken where one is missing. */
export function path(points: ([number, number] | null)[]): string {
  let s = "", pen = "M";
  for (const p of points) {
    if (!p) { pen = "M"; continue; }
    s += pen + p[0].toFixed(1) + "," + p[1].toFixed(1);
    pen = "L";
  }
  return s;
}
