/**
 * Draws where no browser starts: plotly in jsdom with boxes measured by `boxes.ts`, PNG by resvg, PDF by
 * pdfkit. Same figure, not the same bytes as Chromium's. Heat maps need a canvas, which jsdom lacks.
 */
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import type * as ResvgPackage from "@resvg/resvg-js";
import type * as Jsdom from "jsdom";
import type PdfKit from "pdfkit";
import type * as SvgPath from "svg-path-properties";
import { UserError } from "../../base/check";
import { innerBox, outerBox, type Box } from "./boxes";
import type { Figure, RenderedFigure } from "./figure";
import { embedFonts } from "./embedFonts";
import { fontFiles, plotlyFile } from "./fonts";
import type { Renderer } from "./renderer";
import { figureSize, fixedRandomScript, pixelRatio, imageFigure, stableSvg } from "./stable";

/** Loaded at the first use: most runs have a browser. */
const load = createRequire(__filename);

type PdfDocument = InstanceType<typeof PdfKit>;
/** The part of svg-to-pdfkit used here; the package ships no types. */
type DrawSvg = (
  document: PdfDocument,
  svg: string,
  x: number,
  y: number,
  options: {
    width: number;
    height: number;
    assumePt: boolean;
    fontCallback: (family: string, bold: boolean) => string;
  },
) => void;

const POINTS_PER_PX = 0.75;
const NEEDS_CANVAS = new Set(["heatmap", "contour", "histogram2d", "histogram2dcontour", "image"]);

/** A renderer that keeps one jsdom window until it is closed. */
export function browserlessRenderer(): Renderer {
  const window = plotlyWindow();
  async function render(figure: Figure): Promise<RenderedFigure> {
    const canvas = figure.data.find((trace) => NEEDS_CANVAS.has(trace.type ?? ""));
    if (canvas)
      throw new UserError({
        where: `figure ${figure.name}`,
        expected: "a Chromium for this kind of figure",
        got: `a trace of type ${canvas.type} and no browser`,
        fix: "Set CHROME_PATH to a Chromium or Chrome.",
      });
    const size = figureSize(figure);
    const image = { format: "svg", ...size, imageDataOnly: true };
    const drawn = (await window.eval(
      `labRestart(); Plotly.toImage(${JSON.stringify(imageFigure(figure))}, ${JSON.stringify(image)})`,
    )) as string;
    const svg = stableSvg(figure, drawn);
    return { svg: await embedFonts(svg), png: toPng(svg), pdf: await toPdf(svg, size) };
  }
  return { engine: "browserless", render, close: () => window.close() };
}

/** A window that plotly can measure in, and that draws the same every time. */
function plotlyWindow(): Jsdom.DOMWindow {
  const { JSDOM, VirtualConsole } = load("jsdom") as typeof Jsdom;
  const { svgPathProperties } = load("svg-path-properties") as typeof SvgPath;
  const window = new JSDOM("<!doctype html><body></body>", {
    pretendToBeVisual: true,
    runScripts: "outside-only",
    virtualConsole: new VirtualConsole(),
  }).window;
  Object.assign(window, { TextDecoder, TextEncoder, structuredClone });
  window.URL.createObjectURL = () => "blob:none";
  window.URL.revokeObjectURL = () => undefined;
  const rectangle = (box: Box = { l: 0, t: 0, r: 0, b: 0 }) => ({
    x: box.l,
    y: box.t,
    left: box.l,
    top: box.t,
    right: box.r,
    bottom: box.b,
    width: box.r - box.l,
    height: box.b - box.t,
  });
  const path = (element: Element) => new svgPathProperties(element.getAttribute("d") || "M0,0");
  Object.assign(window.SVGElement.prototype, {
    getBBox(this: Element) {
      return rectangle(innerBox(this));
    },
    getBoundingClientRect(this: Element) {
      return rectangle(outerBox(this));
    },
    getComputedTextLength(this: Element) {
      return rectangle(innerBox(this)).width;
    },
    getTotalLength(this: Element) {
      return path(this).getTotalLength();
    },
    getPointAtLength(this: Element, length: number) {
      return path(this).getPointAtLength(length);
    },
  });
  window.eval(fixedRandomScript);
  window.eval(readFileSync(plotlyFile(), "utf8"));
  return window;
}

function toPng(svg: string): Uint8Array {
  const { Resvg } = load("@resvg/resvg-js") as typeof ResvgPackage;
  const { regular, bold } = fontFiles();
  const font = { loadSystemFonts: false, fontFiles: [regular, bold], defaultFontFamily: "Open Sans" };
  return new Resvg(svg, { fitTo: { mode: "zoom", value: pixelRatio }, font }).render().asPng();
}

function toPdf(svg: string, { width, height }: { width: number; height: number }): Promise<Uint8Array> {
  const PDFDocument = load("pdfkit") as typeof PdfKit;
  const drawSvg = load("svg-to-pdfkit") as DrawSvg;
  return new Promise((resolve, reject) => {
    const size: [number, number] = [width * POINTS_PER_PX, height * POINTS_PER_PX];
    const document = new PDFDocument({
      size,
      margin: 0,
      info: { CreationDate: new Date(Date.UTC(2000, 0, 1)), Producer: "pdfkit", Creator: "mask-dpo-lab" },
    });
    const chunks: Buffer[] = [];
    document
      .on("data", (chunk: Buffer) => chunks.push(chunk))
      .on("end", () => resolve(Buffer.concat(chunks)))
      .on("error", reject);
    document.registerFont("regular", fontFiles().regular);
    document.registerFont("bold", fontFiles().bold);
    try {
      drawSvg(document, withoutZeroDashes(svg), 0, 0, {
        width: size[0],
        height: size[1],
        assumePt: false,
        fontCallback: (_family, bold) => (bold ? "bold" : "regular"),
      });
      document.end();
    } catch (error) {
      reject(error as Error);
    }
  });
}

/** pdfkit refuses a dash of length 0, which plotly uses for dots. */
function withoutZeroDashes(svg: string): string {
  return svg.replace(
    /stroke-dasharray: ?([^;"]*)/g,
    (_all, list: string) =>
      `stroke-dasharray: ${list
        .split(",")
        .map((dash) => (Number.parseFloat(dash) === 0 ? "0.001px" : dash.trim()))
        .join(",")}`,
  );
}
