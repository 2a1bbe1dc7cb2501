/**
 * Collects the outputs of cells from kernel messages as a front end would: streams joined, displays updated in place
 * and left out where nothing is left of them, a size limit against cells that print for ever.
 */
import type { Content } from "../kernel/jupyterWire";

/** Characters of printed text kept per cell; the rest is counted. */
export const MAX_STREAM_CHARS = 2_000_000;
/** Characters of displayed data per cell (base64 for images); more fails the cell. */
export const MAX_DISPLAY_CHARS = 16_000_000;

interface Output extends Content {
  output_type: "stream" | "display_data" | "execute_result" | "error";
}

/** Displays by name, shared by all cells of a notebook: a later cell may update an earlier cell's output. */
export type Displays = Map<string, Output[]>;

export class CellCollector {
  private list: Output[] = [];
  private streamChars = 0;
  private displayChars = 0;
  private clearBeforeNext = false;
  /** Error outputs of the cell, in order. */
  readonly errors: { ename: string; evalue: string; traceback: string[] }[] = [];

  constructor(private readonly displays: Displays) {}

  /** Takes one iopub message. @returns false when the cell displayed too much */
  add(type: string, content: Content): boolean {
    if (type === "stream") this.addStream(String(content.name), String(content.text));
    else if (type === "display_data" || type === "execute_result") this.addDisplay(type, content);
    else if (type === "update_display_data") this.updateDisplays(content);
    else if (type === "error") this.addError(content);
    else if (type === "clear_output") this.clear(content.wait === true);
    return this.displayChars <= MAX_DISPLAY_CHARS;
  }

  /** The outputs so far, in the form of nbformat (texts not yet split into lines). */
  outputs(): Content[] {
    const left = this.list.filter(({ data }) => !data || Object.keys(data).length > 0);
    const cut = this.streamChars - MAX_STREAM_CHARS;
    return cut > 0
      ? [...left, { output_type: "stream", name: "stderr", text: `… ${cut} more characters were printed\n` }]
      : left;
  }

  private push(output: Output): void {
    if (this.clearBeforeNext) this.list = [];
    this.clearBeforeNext = false;
    this.list.push(output);
  }

  private addStream(name: string, text: string): void {
    const kept = text.slice(0, Math.max(0, MAX_STREAM_CHARS - this.streamChars));
    this.streamChars += text.length;
    const last = this.list.at(-1);
    if (!kept) return;
    if (!this.clearBeforeNext && last?.output_type === "stream" && last.name === name)
      last.text = `${String(last.text)}${kept}`;
    else this.push({ output_type: "stream", name, text: kept });
  }

  private addDisplay(
    type: "display_data" | "execute_result",
    { data, metadata, transient, execution_count }: Content,
  ): void {
    const output: Output = {
      output_type: type,
      data,
      metadata: metadata ?? {},
      ...(type === "execute_result" && { execution_count }),
    };
    this.displayChars += JSON.stringify(data).length;
    const id = (transient as { display_id?: string } | undefined)?.display_id;
    if (id) this.displays.set(id, [...(this.displays.get(id) ?? []), output]);
    if (this.displayChars <= MAX_DISPLAY_CHARS) this.push(output);
  }

  private updateDisplays({ data, metadata, transient }: Content): void {
    const id = (transient as { display_id?: string } | undefined)?.display_id;
    for (const output of (id && this.displays.get(id)) || []) Object.assign(output, { data, metadata: metadata ?? {} });
  }

  private addError({ ename, evalue, traceback }: Content): void {
    const error = {
      ename: String(ename),
      evalue: String(evalue),
      traceback: (traceback as string[] | undefined) ?? [],
    };
    this.errors.push(error);
    this.push({ output_type: "error", ...error });
  }

  private clear(wait: boolean): void {
    if (wait) this.clearBeforeNext = true;
    else this.list = [];
  }
}
