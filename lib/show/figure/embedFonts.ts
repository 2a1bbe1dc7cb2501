/** An SVG that carries the glyphs it needs: whoever opens it sees the same letters, with or without the typeface. */
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { fontFace, fontFiles } from "./fonts";

/** The package ships no types. @returns the font with only these characters */
type SubsetFont = (font: Buffer, text: string, options: { targetFormat: "woff2" }) => Promise<Buffer>;

/** Loaded at the first use: it starts a WebAssembly module. */
const load = createRequire(__filename);

/** The same bytes for the same SVG, on every machine. @param svg with its texts as texts */
export async function embedFonts(svg: string): Promise<string> {
  const subset = load("subset-font") as SubsetFont;
  const text = [...new Set(`${svg.replace(/<[^>]*>/g, "")}&<>"'`)].sort().join("");
  const { regular, bold } = fontFiles();
  const isBold = /font-weight: ?(700|bold)/.test(svg);
  const faces: string[] = [];
  for (const { file, weight } of [{ file: regular, weight: 400 }, ...(isBold ? [{ file: bold, weight: 700 }] : [])])
    faces.push(fontFace(await subset(readFileSync(file), text, { targetFormat: "woff2" }), "woff2", weight));
  return svg.replace(/^(<svg\b[^>]*>)/, (opening) => `${opening}<style>${faces.join("")}</style>`);
}
