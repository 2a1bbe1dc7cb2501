/**
 * What notebooks and lib call to show something. One output carries several MIME types; each reader
 * (JupyterLab, VS Code, GitHub, nbconvert, a terminal) picks the richest it can draw.
 */
import { randomUUID } from "node:crypto";
import type { Bundle } from "./bundle";
import { kernelHost, type MimeData } from "./host";

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

/** Text last as the plainest. */
function mimeData(bundle: Bundle): MimeData {
  const all: MimeData = {
    "text/html": bundle.html,
    "text/markdown": bundle.markdown,
    "text/latex": bundle.latex,
    "image/svg+xml": bundle.svg,
    "image/png": bundle.png && Buffer.from(bundle.png).toString("base64"),
    "application/json": bundle.json,
    "text/plain": bundle.text,
  };
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined));
}
