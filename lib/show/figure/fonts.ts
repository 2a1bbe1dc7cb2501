/**
 * The typeface of all figures, Open Sans, and the plotly bundle: both come with the npm packages, never from the
 * machine.
 */
import { readFileSync } from "node:fs";
import path from "node:path";

/** Arial and Helvetica are narrower than Open Sans, so labels fit where a reader's machine lacks it. */
export const fontStack = "Open Sans, Arial, Helvetica, sans-serif";

/** TrueType files: regular and bold. */
export function fontFiles(): { regular: string; bold: string } {
  return {
    regular: require.resolve("@expo-google-fonts/open-sans/400Regular/OpenSans_400Regular.ttf"),
    bold: require.resolve("@expo-google-fonts/open-sans/700Bold/OpenSans_700Bold.ttf"),
  };
}

/** CSS that carries one weight of the typeface in itself. */
export function fontFace(font: Buffer, format: "truetype" | "woff2", weight: number): string {
  const type = format === "woff2" ? "woff2" : "ttf";
  const source = `url(data:font/${type};base64,${font.toString("base64")}) format("${format}")`;
  return `@font-face{font-family:"Open Sans";font-weight:${weight};src:${source}}`;
}

/** All of it. */
export function fontFaces(): string {
  const { regular, bold } = fontFiles();
  return fontFace(readFileSync(regular), "truetype", 400) + fontFace(readFileSync(bold), "truetype", 700);
}

/** A fontconfig file that knows Open Sans only, so that a browser cannot pick a font of the machine. */
export function fontconfig(cacheDir: string): string {
  const dirs = Object.values(fontFiles())
    .map((file) => `<dir>${path.dirname(file)}</dir>`)
    .join("");
  const config = `<fontconfig>${dirs}<cachedir>${cacheDir}</cachedir></fontconfig>`;
  return `<?xml version="1.0"?><!DOCTYPE fontconfig SYSTEM "fonts.dtd">${config}`;
}

/** The prebuilt bundle; it sets `window.Plotly`. */
export function plotlyFile(): string {
  return require.resolve("plotly.js");
}
