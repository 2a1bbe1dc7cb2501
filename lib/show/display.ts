/**
 * What notebooks and lib call to show something. One output carries several MIME types; each reader
 * (JupyterLab, VS Code, GitHub, nbconvert, a terminal) picks the richest it can draw.
 */
import { randomUUID } from "node:crypto";
import { inspect } from "node:util";
import { mimeData, type Bundle } from "./bundle";
import { kernelHost, type MimeData } from "./host";
import { $display, mimeOf } from "./value";

/** Shows one output; outside a notebook its text goes to stdout. */
export function show(output: Bundle | string): void {
  const bundle = asBundle(output);
  const host = kernelHost();
  if (host) host.display(mimeData(bundle));
  else process.stdout.write(`${bundle.text}\n`);
}

/** An output that can be replaced later. */
export interface LiveOutput {
  update(output: Bundle | string): void;
}

/** Shows one output that later calls of `update` replace in place; outside a notebook every version is printed. */
export function showLive(output: Bundle | string): LiveOutput {
  const host = kernelHost();
  if (!host) {
    show(output);
    return { update: show };
  }
  const id = randomUUID();
  host.display(mimeData(asBundle(output)), { id });
  return { update: (next) => host.display(mimeData(asBundle(next)), { id, update: true }) };
}

function asBundle(output: Bundle | string): Bundle {
  return typeof output === "string" ? { text: output } : output;
}

/** As in Deno: `raw` says that the value is a MIME bundle, `update` that it replaces the output `display_id` names. */
export interface DisplayOptions {
  raw?: boolean;
  display_id?: string;
  update?: boolean;
}

/**
 * Shows any value as a cell's last one is shown: what its method `[Symbol.for("Jupyter.display")]` says, tables,
 * figures, data frames, tensors, else its text. Outside a notebook its text goes to stdout.
 */
export async function display(value: unknown, options: DisplayOptions = {}): Promise<void> {
  const data = options.raw ? (value as MimeData) : await mimeOf(value);
  const host = kernelHost();
  if (host) host.display(data, { id: options.display_id, update: options.update });
  else process.stdout.write(`${typeof data["text/plain"] === "string" ? data["text/plain"] : inspect(value)}\n`);
}

type Template = (strings: TemplateStringsArray, ...values: unknown[]) => { [$display](): MimeData };

const template =
  (mime: string): Template =>
  (strings, ...values) => {
    const text = String.raw({ raw: strings }, ...values);
    return { [$display]: () => ({ [mime]: text, "text/plain": text }) };
  };

/** `` html`<b>x</b>` `` as a cell's last value, or given to `display`, is shown as HTML. As in Deno. */
export const html = template("text/html");
/** Markdown in the same way. */
export const md = template("text/markdown");
/** SVG in the same way. */
export const svg = template("image/svg+xml");
