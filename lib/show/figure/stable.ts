/** What makes two renderings of one figure equal to the byte, and what both engines share. */
import { sha256 } from "../../base/hash";
import { UserError } from "../../base/check";
import type { Figure } from "./figure";

/** Pixels of the PNG per px of the figure. */
export const pixelRatio = 2;

/** Width and height in px. @throws UserError when the layout has none */
export function figureSize(figure: Figure): { width: number; height: number } {
  const { width, height } = figure.layout;
  if (width && height) return { width, height };
  throw new UserError({
    where: `figure ${figure.name}`,
    expected: "a layout with width and height",
    got: `${width} x ${height}`,
    fix: "Start from figureLayout().",
  });
}

/** Data as plotly in another realm and a saved page both see it: plain JSON, where NaN is a gap. */
export function plainFigure(figure: Figure): Pick<Figure, "data" | "layout"> {
  return JSON.parse(JSON.stringify({ data: figure.data, layout: figure.layout })) as Pick<Figure, "data" | "layout">;
}

/** The same for an image, where buttons would do nothing. */
export function imageFigure(figure: Figure): Pick<Figure, "data" | "layout"> {
  const { data, layout } = plainFigure(figure);
  delete layout.updatemenus;
  return { data, layout };
}

/**
 * plotly draws a random id for the parts of a figure; here it follows from the name, so that figures inlined
 * in one page do not share parts. A browser writes attributes in an order that varies; here it is alphabetic.
 */
export function stableSvg(figure: Figure, svg: string): string {
  const uid = /id="defs-([0-9a-f]{6})"/.exec(svg)?.[1];
  const named = uid ? svg.replaceAll(uid, `f${sha256(figure.name).slice(0, 7)}`) : svg;
  return named.replace(
    /<([\w:]+)((?: [\w:-]+="[^"]*")+)/g,
    (_all, tag: string, attributes: string) =>
      `<${tag}${attributes
        .match(/ [\w:-]+="[^"]*"/g)!
        .sort()
        .join("")}`,
  );
}

/** Chromium writes the time of printing into a PDF. The length stays, so that the offsets inside stay right. */
export function stablePdf(pdf: Uint8Array): Uint8Array {
  const text = Buffer.from(pdf).toString("latin1");
  return Buffer.from(
    text.replace(/\/(CreationDate|ModDate) ?\(D:\d{14}/g, (all) => all.replace(/\d{14}$/, "20000101000000")),
    "latin1",
  );
}

/**
 * A page script that replaces the browser's randomness by a fixed sequence, restarted for every figure (Lehmer, modulus
 * 2^31 - 1).
 */
export const fixedRandomScript = `
  let labSeed = 1;
  window.labRestart = () => { labSeed = 1; };
  Object.defineProperty(Math, "random", { value: () => (labSeed = (labSeed * 48271) % 2147483647) / 2147483647 });`;
