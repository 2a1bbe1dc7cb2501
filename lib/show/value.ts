/**
 * Any value as a notebook shows it: what it says of itself (Deno's `Symbol.for("Jupyter.display")`), a MIME bundle, one
 * of our tables, figures and bundles, a data frame, a tensor, an image's bytes, an element; else its text.
 */
import { inspect } from "node:util";
import { mimeData, type Bundle } from "./bundle";
import type { Figure } from "./figure/figure";
import type { MimeData } from "./host";
import { toHtml, type Cell, type Table } from "./table";
import { tableBundle } from "./tableBundle";

/** A value's method of this name gives its MIME bundle, or a promise of one. As in Deno. */
export const $display = Symbol.for("Jupyter.display");

type Fields = Readonly<Record<string | symbol, unknown>>;

/** Rows of a frame or map that are shown, and elements of an array. */
const MOST = { rows: 20, elements: 100 };

/** What is shown of a value that is neither null nor undefined. @throws what its own display method throws */
export async function mimeOf(value: unknown): Promise<MimeData> {
  if (typeof value === "string") return { "text/plain": value };
  if (typeof value !== "object" && typeof value !== "function") return { "text/plain": inspect(value) };
  const fields = value as Fields;
  const own = fields[$display];
  if (typeof own === "function") return binaryAsBase64((await own.call(value)) as MimeData);
  if (value instanceof Uint8Array) return imageOf(value) ?? { "text/plain": inspect(value) };
  if (value instanceof Float32Array) return { "text/plain": floatsText(value) };
  if (value instanceof Map) return mapOf(value);
  if (isMimeBundle(fields)) return binaryAsBase64(fields);
  if (isBundle(fields)) return mimeData(fields);
  if (isTable(fields)) return mimeData(tableBundle(fields));
  if (isFigure(fields)) return mimeData(await figureBundleOf(fields));
  if ("$columns" in fields && "$dtypes" in fields) return mimeData(frameOf(fields as unknown as Frame));
  if (isTensor(fields)) return { "text/plain": await tensorText(fields) };
  if (typeof fields.outerHTML === "string")
    return { "text/html": fields.outerHTML, "text/plain": inspect(value, { depth: 0 }) };
  return { "text/plain": inspect(value) };
}

/** A plain object, all keys of which are MIME types. */
function isMimeBundle(value: Fields): boolean {
  const keys = Object.keys(value);
  return keys.length > 0 && isPlain(value) && keys.every((key) => /^[a-z]+\/[\w.+-]+$/.test(key));
}

function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

/** Bytes, as in every message of Jupyter. */
function binaryAsBase64(data: MimeData): MimeData {
  const text = (content: unknown): unknown =>
    content instanceof Uint8Array ? Buffer.from(content).toString("base64") : content;
  return Object.fromEntries(Object.entries(data).map(([mime, content]) => [mime, text(content)]));
}

/** More than its text, which rows of one's own may have as well. */
function isBundle(value: Fields): value is Bundle & Fields {
  const rich = ["html", "svg", "png", "markdown", "latex"];
  return (
    typeof value.text === "string" &&
    rich.some((key) => value[key] !== undefined) &&
    Object.keys(value).every((key) => ["text", "json", ...rich].includes(key))
  );
}

function isTable(value: Fields): value is Table & Fields {
  return typeof value.caption === "string" && Array.isArray(value.columns) && Array.isArray(value.rows);
}

function isFigure(value: Fields): value is Figure & Fields {
  return (
    typeof value.name === "string" &&
    Array.isArray(value.data) &&
    typeof (value.layout as Fields | undefined)?.width === "number"
  );
}

/** Drawn at the first use: a browser is started. */
async function figureBundleOf(figure: Figure): Promise<Bundle> {
  const [{ renderFigure }, { figureBundle }] = await Promise.all([
    import("./figure/saveFigure"),
    import("./figure/html"),
  ]);
  return figureBundle(figure, await renderFigure(figure));
}

const images: readonly [mime: string, beginning: string][] = [
  ["image/png", "89504e470d0a1a0a"],
  ["image/jpeg", "ffd8ff"],
  ["image/gif", "47494638"],
];

function imageOf(bytes: Uint8Array): MimeData | undefined {
  const beginning = Buffer.from(bytes.subarray(0, 8)).toString("hex");
  const mime = images.find(([, first]) => beginning.startsWith(first))?.[0];
  if (mime === undefined) return undefined;
  return { [mime]: Buffer.from(bytes).toString("base64"), "text/plain": `${mime}, ${bytes.length} bytes` };
}

/** With the digits that a float32 has: 0.1 and not 0.10000000149011612. */
function floatsText(values: Float32Array): string {
  const shown = Array.from(values.subarray(0, MOST.elements), shortFloat);
  const text = `Float32Array(${values.length}) ${inspect(shown, { maxArrayLength: null })}`;
  const more = values.length - shown.length;
  return more > 0 ? text.replace(/\s*\]$/, `,\n  ... ${more} more item${more > 1 ? "s" : ""}\n]`) : text;
}

function shortFloat(value: number): number {
  const digits = [6, 7, 8, 9].find((n) => Math.fround(Number(value.toPrecision(n))) === value);
  return digits ? Number(value.toPrecision(digits)) : value;
}

function mapOf(map: ReadonlyMap<unknown, unknown>): MimeData {
  const text = { "text/plain": inspect(map) };
  const isScalar = (value: unknown): boolean => value === null || typeof value !== "object";
  if (![...map].flat().every(isScalar)) return text;
  const rows = [...map].map(([key, value]) => ({ key: cellOf(key), value: cellOf(value) }));
  return { "text/html": toHtml(tableOf("Map", ["key", "value"], rows)), ...text };
}

/** What is used of danfojs's frames and series. */
interface Frame {
  columns: readonly string[];
  index: readonly (string | number)[];
  values: readonly unknown[];
  $isSeries: boolean;
}

/** With its index where that is not 0, 1, 2, … */
function frameOf({ columns, index, values, $isSeries: isSeries }: Frame): Bundle {
  const counted = index.every((label, i) => label === i);
  const rows = values.map((row, i) => {
    const cells = (isSeries ? [row] : (row as readonly unknown[])).map((cell, c) => [String(c + 1), cellOf(cell)]);
    return Object.fromEntries([...(counted ? [] : [["0", cellOf(index[i])]]), ...cells]) as Record<string, Cell>;
  });
  const labels = [...(counted ? [] : [""]), ...columns];
  const table = tableOf(isSeries ? "Series" : "DataFrame", labels, rows, counted ? 1 : 0);
  const { text, html } = tableBundle(table);
  return { text, html };
}

/** @param labels of columns, whose keys are themselves, or numbers from `first` on */
function tableOf(name: string, labels: readonly string[], rows: Table["rows"], first?: number): Table {
  const size = first === undefined ? "" : ` x ${labels.length + first - 1} columns`;
  const cut = rows.length > MOST.rows ? `, the first ${MOST.rows} of them` : "";
  return {
    name,
    caption: `${name}, ${rows.length} row${rows.length === 1 ? "" : "s"}${size}${cut}`,
    columns: labels.map((label, i) => ({ key: first === undefined ? label : String(i + first), label })),
    rows: rows.slice(0, MOST.rows),
  };
}

/** Numbers to six digits, as text, so that small ones are not rounded to nothing. */
function cellOf(value: unknown): Cell {
  if (value === null || value === undefined || Number.isNaN(value)) return null;
  if (typeof value === "number") return Number.isInteger(value) ? value : String(Number(value.toPrecision(6)));
  return typeof value === "string" ? value : inspect(value);
}

/** What is used of TensorFlow.js's tensors. */
interface TensorLike {
  isDisposed: boolean;
  shape: readonly number[];
  dtype: string;
  data(): Promise<unknown>;
  toString(verbose: boolean): string;
}

function isTensor(value: Fields): value is TensorLike & Fields {
  return typeof value.dtype === "string" && Array.isArray(value.shape) && typeof value.dataSync === "function";
}

async function tensorText(tensor: TensorLike): Promise<string> {
  if (tensor.isDisposed) return `Tensor, disposed; it was ${tensor.dtype} [${tensor.shape.join(", ")}]`;
  await tensor.data(); // a GPU gives its values only so; afterwards they are here
  return tensor.toString(true);
}
