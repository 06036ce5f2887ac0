// Saving a picture as a file. What the page's style sheet says of it is written
// into it, so that it looks the same elsewhere.
import type { Sheet } from "./figure";

const kept = ["fill", "stroke", "stroke-width", "stroke-dasharray", "stroke-linecap", "stroke-linejoin", "fill-opacity", "stroke-opacity", "opacity",
  "font-family", "font-size", "font-weight", "text-anchor", "dominant-baseline", "paint-order", "visibility"];

function still(svg: SVGSVGElement): SVGSVGElement {
  const copy = svg.cloneNode(true) as SVGSVGElement;
  const from = [svg, ...svg.querySelectorAll<SVGElement>("*")], to = [copy, ...copy.querySelectorAll<SVGElement>("*")];
  from.forEach((el, i) => {
    const style = getComputedStyle(el);
    to[i].removeAttribute("class");
    to[i].removeAttribute("style");
    for (const p of kept) {
      const v = style.getPropertyValue(p);
      if (v) to[i].setAttribute(p, v);
    }
  });
  return copy;
}

/** One drawing of all that a figure consists of, where it stands on the page. */
function drawing(body: HTMLElement): { text: string; width: number; height: number } {
  const ns = "http://www.w3.org/2000/svg";
  const parts = [...body.querySelectorAll<SVGSVGElement>("svg[role=img]")];
  const words = [...body.querySelectorAll<HTMLElement>("h3, .who, .what")]; // what names a part stands outside it
  const boxes = [...parts, ...words].map((p) => p.getBoundingClientRect());
  const left = Math.min(...boxes.map((b) => b.left)), top = Math.min(...boxes.map((b) => b.top));
  const pad = 16, head = 34;
  const width = Math.ceil(Math.max(...boxes.map((b) => b.right)) - left + 2 * pad);
  const height = Math.ceil(Math.max(...boxes.map((b) => b.bottom)) - top + 2 * pad + head);
  const root = document.createElementNS(ns, "svg");
  for (const [k, v] of Object.entries({ xmlns: ns, width, height, viewBox: `0 0 ${width} ${height}` })) root.setAttribute(k, String(v));
  const style = getComputedStyle(document.body);
  const paper = document.createElementNS(ns, "rect");
  for (const [k, v] of Object.entries({ width, height, fill: style.backgroundColor })) paper.setAttribute(k, String(v));
  const title = document.createElementNS(ns, "text");
  for (const [k, v] of Object.entries({ x: pad, y: pad + 14, fill: style.color, "font-family": style.fontFamily, "font-size": 16, "font-weight": 600 })) title.setAttribute(k, String(v));
  title.textContent = body.closest("section")?.querySelector("h2")?.textContent ?? document.title;
  root.append(paper, title);
  parts.forEach((p, i) => {
    const copy = still(p);
    copy.setAttribute("x", String(boxes[i].left - left + pad));
    copy.setAttribute("y", String(boxes[i].top - top + pad + head));
    root.append(copy);
  });
  words.forEach((w, i) => {
    const box = boxes[parts.length + i], look = getComputedStyle(w), end = look.textAlign === "right";
    const t = document.createElementNS(ns, "text");
    for (const [k, v] of Object.entries({
      x: (end ? box.right : box.left) - left + pad, y: (box.top + box.bottom) / 2 - top + pad + head + 5, "text-anchor": end ? "end" : "start",
      fill: look.color, "font-family": look.fontFamily, "font-size": look.fontSize, "font-weight": look.fontWeight,
    })) t.setAttribute(k, String(v));
    t.textContent = w.textContent;
    root.append(t);
  });
  return { text: new XMLSerializer().serializeToString(root), width, height };
}

export function give(blob: Blob, name: string) {
  const a = document.createElement("a");
  a.href = URL.createObjectURL(blob);
  a.download = name;
  a.click();
  setTimeout(() => URL.revokeObjectURL(a.href), 10_000);
}

export function saveSVG(body: HTMLElement, name: string) {
  give(new Blob([drawing(body).text], { type: "image/svg+xml" }), name + ".svg");
}

export function savePNG(body: HTMLElement, name: string) {
  const { text, width, height } = drawing(body);
  const url = URL.createObjectURL(new Blob([text], { type: "image/svg+xml" }));
  const image = new Image();
  image.onload = () => {
    const canvas = document.createElement("canvas");
    canvas.width = 2 * width;
    canvas.height = 2 * height;
    const c = canvas.getContext("2d")!;
    c.scale(2, 2);
    c.drawImage(image, 0, 0);
    URL.revokeObjectURL(url);
    canvas.toBlob((b) => b && give(b, name + ".png"));
  };
  image.src = url;
}

export function saveCSV(sheet: Sheet, name: string) {
  // A text that a spreadsheet would take for a formula is kept from being one.
  const quote = (s: string) => (/^[=+@\t\r]|^-[^\d]/.test(s) ? "'" + s : s);
  const field = (s: string) => (/[",\n\r]/.test(s) ? '"' + s.replaceAll('"', '""') + '"' : s);
  const rows = sheet.rows.map((r) => r.map((c) => (typeof c === "string" ? quote(c) : c.v === null ? "" : String(c.v))));
  const text = [sheet.head, ...rows].map((r) => r.map(field).join(",")).join("\r\n") + "\r\n";
  give(new Blob([text], { type: "text/csv" }), name + ".csv");
}
