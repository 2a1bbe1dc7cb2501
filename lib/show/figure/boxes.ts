/**
 * Bounding boxes of SVG elements where there is no layout engine (jsdom): text is measured with the
 * figure's own typeface. Enough of SVG for what plotly draws and asks about: text with line and sub/superscript
 * spans, rectangles, paths, groups with transforms.
 */
import { createRequire } from "node:module";
import { fontFiles } from "./fonts";

/** The part of fontkit used here; the package ships no types. */
interface Font {
  unitsPerEm: number;
  layout(text: string): { advanceWidth: number };
}

/** Left, top, right, bottom in the element's own coordinates. */
export interface Box {
  l: number;
  t: number;
  r: number;
  b: number;
}

type Matrix = [number, number, number, number, number, number];

/** Open Sans: height above and below the baseline, in em. */
const ASCENT = 1.069;
const DESCENT = 0.293;
const DEFAULT_SIZE = 12;

let fonts: { regular: Font; bold: Font } | undefined;
const widths = new Map<string, number>();

/** Loaded late: only drawing without a browser needs it. */
function openFonts(): { regular: Font; bold: Font } {
  const fontkit = createRequire(__filename)("fontkit") as { openSync(file: string): Font };
  return { regular: fontkit.openSync(fontFiles().regular), bold: fontkit.openSync(fontFiles().bold) };
}

/** Width in px of one line of text. */
export function textWidth(text: string, size: number, bold: boolean): number {
  fonts ??= openFonts();
  const key = `${bold ? "b" : "r"}${text}`;
  let em = widths.get(key);
  if (em === undefined) {
    const font = bold ? fonts.bold : fonts.regular;
    em = font.layout(text).advanceWidth / font.unitsPerEm;
    widths.set(key, em);
  }
  return em * size;
}

/** Without the element's own transform, as `getBBox`; undefined for what has no extent. */
export function innerBox(element: Element): Box | undefined {
  switch (element.tagName.toLowerCase()) {
    case "text":
      return textBox(element);
    case "tspan":
      return lineBox(element, "start", 0, 0);
    case "rect":
      return rectBox(element);
    case "path":
      return pathBox(element.getAttribute("d") ?? "");
    case "defs":
    case "clippath":
      return undefined;
    default:
      return union([...element.children].map(outerBox));
  }
}

/**
 * With the element's own transform. Transforms of its ancestors are left out: plotly compares boxes within one layer.
 */
export function outerBox(element: Element): Box | undefined {
  const box = innerBox(element);
  const transform = element.getAttribute("transform");
  if (!box || !transform) return box;
  const [a, b, c, d, e, f] = matrixOf(transform);
  const corners = [
    [box.l, box.t],
    [box.r, box.t],
    [box.l, box.b],
    [box.r, box.b],
  ].map(([x, y]) => [a * x! + c * y! + e, b * x! + d * y! + f] as const);
  return around(corners);
}

function number(element: Element, name: string): number {
  return Number.parseFloat(element.getAttribute(name) ?? "") || 0;
}

/** A property given by style or attribute, here or on an ancestor. */
function property(element: Element, name: string): string | undefined {
  for (let at: Element | null = element; at; at = at.parentElement) {
    const styled = new RegExp(`(?:^|;)\\s*${name}\\s*:\\s*([^;]+)`).exec(at.getAttribute("style") ?? "")?.[1];
    const value = styled ?? at.getAttribute(name);
    if (value) return value.trim();
  }
  return undefined;
}

function fontSize(element: Element): number {
  return Number.parseFloat(property(element, "font-size") ?? "") || DEFAULT_SIZE;
}

function textBox(text: Element): Box | undefined {
  const anchor = property(text, "text-anchor") ?? "start";
  const lines = [...text.children].filter((child) => child.classList.contains("line"));
  if (lines.length === 0) return lineBox(text, anchor, number(text, "x"), number(text, "y"));
  return union(
    lines.map((line) => lineBox(line, anchor, number(line, "x") || number(text, "x"), number(text, "y") + shift(line))),
  );
}

/** `dy` in px; plotly gives it in em. */
function shift(element: Element): number {
  const dy = element.getAttribute("dy") ?? "";
  return (Number.parseFloat(dy) || 0) * (dy.endsWith("em") ? fontSize(element) : 1);
}

function lineBox(line: Element, anchor: string, x: number, y: number): Box | undefined {
  const width = runWidth(line);
  if (width === 0) return undefined;
  const size = fontSize(line);
  const before = { middle: width / 2, end: width }[anchor] ?? 0;
  const l = x - before;
  return { l, t: y - ASCENT * size, r: l + width, b: y + DESCENT * size };
}

function runWidth(node: Node): number {
  if (node.nodeType !== 3) return [...node.childNodes].reduce((sum, child) => sum + runWidth(child), 0);
  const parent = node.parentElement!;
  const bold = /bold|[6-9]00/.test(property(parent, "font-weight") ?? "");
  return textWidth(node.textContent ?? "", fontSize(parent), bold);
}

function rectBox(rect: Element): Box {
  const [l, t] = [number(rect, "x"), number(rect, "y")];
  return { l, t, r: l + number(rect, "width"), b: t + number(rect, "height") };
}

/** Numbers a command takes at a time, where that is not a pair. */
const STEP: Readonly<Record<string, number>> = { H: 1, V: 1, S: 4, Q: 4, C: 6, A: 7 };

/**
 * Of the end points and control points; relative commands and arcs count by their numbers in pairs, which is enough for
 * markers.
 */
function pathBox(d: string): Box | undefined {
  let [x, y] = [0, 0];
  const points: [number, number][] = [];
  for (const [, command, rest] of d.matchAll(/([A-Za-z])([^A-Za-z]*)/g)) {
    const values = (rest!.match(/-?(?:\d+\.?\d*|\.\d+)(?:e[-+]?\d+)?/gi) ?? []).map(Number);
    const [relative, kind] = [command === command!.toLowerCase(), command!.toUpperCase()];
    const size = STEP[kind] ?? 2;
    for (let at = 0; at + size <= values.length; at += size) {
      const [fromX, fromY] = relative ? [x, y] : [0, 0];
      const step = values.slice(at, at + size);
      if (kind === "H") x = fromX + step[0]!;
      else if (kind === "V") y = fromY + step[0]!;
      else [x, y] = [fromX + step[size - 2]!, fromY + step[size - 1]!];
      points.push([x, y]);
    }
  }
  return points.length > 0 ? around(points) : undefined;
}

function around(points: readonly (readonly [number, number])[]): Box {
  const [xs, ys] = [points.map(([x]) => x), points.map(([, y]) => y)];
  return { l: Math.min(...xs), t: Math.min(...ys), r: Math.max(...xs), b: Math.max(...ys) };
}

function union(boxes: readonly (Box | undefined)[]): Box | undefined {
  return boxes.reduce(
    (all, box) =>
      all && box
        ? { l: Math.min(all.l, box.l), t: Math.min(all.t, box.t), r: Math.max(all.r, box.r), b: Math.max(all.b, box.b) }
        : (all ?? box),
    undefined,
  );
}

function matrixOf(transform: string): Matrix {
  let all: Matrix = [1, 0, 0, 1, 0, 0];
  for (const [, name, list] of transform.matchAll(/(translate|rotate|scale|matrix)\(([^)]*)\)/g)) {
    all = multiply(
      all,
      single(
        name!,
        list!
          .split(/[\s,]+/)
          .filter(Boolean)
          .map(Number),
      ),
    );
  }
  return all;
}

function single(name: string, v: readonly number[]): Matrix {
  if (name === "translate") return [1, 0, 0, 1, v[0] ?? 0, v[1] ?? 0];
  if (name === "scale") return [v[0] ?? 1, 0, 0, v[1] ?? v[0] ?? 1, 0, 0];
  if (name === "matrix") return [v[0]!, v[1]!, v[2]!, v[3]!, v[4]!, v[5]!];
  const [cos, sin, x, y] = [Math.cos((v[0]! * Math.PI) / 180), Math.sin((v[0]! * Math.PI) / 180), v[1] ?? 0, v[2] ?? 0];
  return [cos, sin, -sin, cos, x - cos * x + sin * y, y - sin * x - cos * y];
}

function multiply([a, b, c, d, e, f]: Matrix, [g, h, i, j, k, l]: Matrix): Matrix {
  return [a * g + c * h, b * g + d * h, a * i + c * j, b * i + d * j, a * k + c * l + e, b * k + d * l + f];
}
