/** Below the pairs: what was relabelled, back and forth, the corrected file, and the command that trains on it. */
import { byId, copyButton, download } from "../../../show/browser/dom";
import type { Bench } from "./bench";
import type { Change } from "./labels";
import { several } from "./texts";
import type { View } from "./view";

export class Corrections {
  private view: View | undefined;

  /** @param moved is told of a change that was taken back or done again */
  constructor(
    private readonly bench: Bench,
    private readonly moved: (change: Change) => void,
  ) {
    byId("undo").addEventListener("click", () => this.undo());
    byId("redo").addEventListener("click", () => this.redo());
    byId("export").addEventListener("click", () => download(this.name, "application/jsonl", this.text()));
    const command = byId<HTMLInputElement>("command");
    const select = (): string => {
      command.select();
      return "Selected";
    };
    copyButton(byId("copy-command"), () => command.value, select);
  }

  undo(): void {
    const change = this.bench.labels.undo();
    if (change) this.moved(change);
  }

  redo(): void {
    const change = this.bench.labels.redo();
    if (change) this.moved(change);
  }

  show(view: View): void {
    this.view = view;
    const { labels } = this.bench;
    const { sentences, pairs } = labels.counts;
    byId("changes").textContent =
      sentences === 0
        ? "Nothing relabelled: the letter before a sentence changes its verdict."
        : `${several(sentences, "sentence")} relabelled in ${several(pairs, "pair")}`;
    byId<HTMLButtonElement>("undo").disabled = !labels.canUndo;
    byId<HTMLButtonElement>("redo").disabled = !labels.canRedo;
    byId<HTMLButtonElement>("export").disabled = sentences === 0;
    byId("training").hidden = sentences === 0;
    byId("export").textContent = `Save ${this.name}`;
    byId<HTMLInputElement>("command").value = this.command();
  }

  /** Every pair in the format and order that was read. */
  private text(): string {
    return this.bench.content.pairs.map((_, pair) => `${JSON.stringify(this.bench.labels.row(pair))}\n`).join("");
  }

  /** Beside the pairs, where the command looks for it. */
  private get file(): string {
    return `${this.bench.content.file.replace(/(\.jsonl)?$/, "")}-corrected.jsonl`;
  }

  /** A browser saves it under this name, in a folder of its own. */
  private get name(): string {
    return this.file.replace(/^.*[\\/]/, "");
  }

  private command(): string {
    const { content } = this.bench;
    const { mask, objective } = this.view!;
    return [
      "node lib/cli/mask-dpo.mjs train",
      content.model === undefined ? "" : `--model ${quoted(content.model)}`,
      `--pairs ${quoted(this.file)} --mask ${mask}`,
      mask === "random" ? `--seed ${content.seed}` : "",
      content.policies && objective !== "dpo" ? `--objective ${objective}` : "",
      `--out ${quoted(this.file.replace(/[^\\/]*$/, "corrected"))}`,
    ]
      .filter((part) => part !== "")
      .join(" ");
  }
}

/** For a shell. */
function quoted(text: string): string {
  return /^[\w./:@+-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}
