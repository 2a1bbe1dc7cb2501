/** Draws with Chromium: plotly makes the SVG, the browser paints it (PNG) and prints it (PDF, vector). */
import { readFileSync } from "node:fs";
import type { Chromium } from "./chromium";
import type { Figure, RenderedFigure } from "./figure";
import { embedFonts } from "./embedFonts";
import { fontFaces, plotlyFile } from "./fonts";
import type { Renderer } from "./renderer";
import { figureSize, fixedRandomScript, pixelRatio, imageFigure, stablePdf, stableSvg } from "./stable";

/** Runs inside the page, as text: the compiler's helpers do not exist there. */
const PAGE_SCRIPT = `
  window.labDraw = async ({ data, layout }) => {
    await Promise.all([...document.fonts].map((font) => font.load()));
    labRestart();
    const { width, height } = layout;
    return Plotly.toImage({ data, layout }, { format: "svg", width, height, imageDataOnly: true });
  };
  window.labPlace = ({ svg, width, height }) => {
    document.body.innerHTML = svg;
    document.getElementById("paper").textContent = "@page{size:" + width + "px " + height + "px;margin:0}";
  };`;

declare function labDraw(figure: unknown): Promise<string>;
declare function labPlace(drawn: { svg: string; width: number; height: number }): void;

/** Takes over the browser: closing the renderer closes it. */
export async function chromiumRenderer({ browser, hold }: Chromium): Promise<Renderer> {
  const context = await browser.newContext({ offline: true, deviceScaleFactor: pixelRatio });
  const page = await context.newPage();
  await page.setContent(
    `<!doctype html><meta charset="utf-8"><style>${fontFaces()}body{margin:0}svg{display:block}</style>\
<style id="paper"></style><body></body>`,
  );
  await page.addScriptTag({ content: fixedRandomScript });
  await page.addScriptTag({ content: readFileSync(plotlyFile(), "utf8") });
  await page.addScriptTag({ content: PAGE_SCRIPT });

  async function render(figure: Figure): Promise<RenderedFigure> {
    const { width, height } = figureSize(figure);
    const svg = stableSvg(figure, await page.evaluate((plain) => labDraw(plain), imageFigure(figure)));
    await page.setViewportSize({ width, height });
    await page.evaluate((drawn) => labPlace(drawn), { svg, width, height });
    const png = await page.screenshot({ type: "png", clip: { x: 0, y: 0, width, height } });
    const pdf = await page.pdf({
      width: `${width}px`,
      height: `${height}px`,
      printBackground: true,
      preferCSSPageSize: true,
      pageRanges: "1",
    });
    return { svg: await embedFonts(svg), png, pdf: stablePdf(pdf) };
  }
  return { engine: "chromium", render, hold, close: () => browser.close() };
}
