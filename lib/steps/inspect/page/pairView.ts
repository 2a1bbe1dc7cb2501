/** One pair: both sides token by token, each sentence with a verdict that can be changed. */
import { sum } from "../../../base/collections";
import { verdictSchema, type Verdict } from "../../../factuality/records";
import { sideNames, type Side } from "../../../preference/mask";
import { byId, element } from "../../../show/browser/dom";
import type { Piece } from "../../../show/inspect";
import { verdictLook } from "../../../show/palette";
import type { Bench } from "./bench";
import type { Push } from "./objectives";
import { percent, pushText } from "./texts";
import type { View } from "./view";

type Relabel = (pair: number, side: Side, sentence: number, verdict: Verdict) => void;

export class PairView {
  private readonly box = byId("pair");

  constructor(
    private readonly bench: Bench,
    private readonly relabel: Relabel,
  ) {}

  /** @param pair index in the file, none where nothing matches */
  show(pair: number | undefined, view: View): void {
    if (pair === undefined) return this.box.replaceChildren(element("p", "empty", "No pair matches."));
    const { content, labels } = this.bench;
    const { name, row } = content.pairs[pair]!;
    const push = content.policies ? this.bench.push(pair, view.mask, view.objective) : undefined;
    const notes = [
      this.bench.emptied(pair, view.mask) ? "This mask leaves nothing of a side: training leaves the pair out." : "",
      labels.changedIn(pair) > 0 && this.bench.margin(pair) <= 0 ? "The chosen side is no longer the better one." : "",
      content.policies && !content.pairs[pair]!.chosen.logps ? "Longer than the model's positions: no push." : "",
    ].filter((note) => note !== "");
    const told = push ? `, loss ${push.loss.toFixed(3)}` : "";
    this.box.replaceChildren(
      element("h2", "", `${name} (${row.questionId})`),
      element("p", "soft", `pair ${pair + 1} of the file${told}`),
      element("div", "prompt", row.prompt.map((message) => message.content).join("\n")),
      ...notes.map((note) => element("p", "note", note)),
      element(
        "div",
        "sides",
        sideNames.map((side) => this.side(pair, side, view, push)),
      ),
    );
  }

  /** Puts the focus back on a sentence that was drawn anew. */
  focus(side: Side, sentence: number): void {
    this.box.querySelector<HTMLElement>(`#verdict-${side}-${sentence}`)?.focus();
  }

  toTop(): void {
    this.box.scrollTop = 0;
  }

  private side(pair: number, side: Side, view: View, push: Push | undefined): HTMLElement {
    const { labels } = this.bench;
    const { kept, weights } = this.bench.masked(pair, side, view.mask);
    const said = push && pushNote(push[side], side);
    const [score, read] = [labels.score(pair, side), this.bench.content.pairs[pair]!.row.scores[side]].map(percent);
    return element(
      "section",
      "side",
      [
        element("h3", "", `${side}: ${score}${score === read ? "" : ` (was ${read})`}`),
        element("p", "", [`${kept} of ${weights.length} tokens kept`, said].filter(Boolean).join("; ")),
        this.text(pair, side, view, push),
      ],
      { "aria-label": side },
    );
  }

  private text(pair: number, side: Side, view: View, push: Push | undefined): HTMLElement {
    const { pieces } = this.bench.cut(pair, side);
    const { completion } = this.bench.content.pairs[pair]!.row[side];
    const masked = this.bench.masked(pair, side, view.mask);
    const sentences = this.bench.labels.sentences(pair, side);
    const most = push ? Math.max(...sideNames.flatMap((name) => push[name].map(Math.abs))) : 0;
    const text = element("div", "text");
    let group: { of: number | null; element: HTMLElement } = { of: null, element: text };
    for (const piece of pieces) {
      const { sentence } = piece;
      if (sentence !== group.of) {
        group = { of: sentence, element: text };
        if (sentence !== null) {
          const name = `sentence ${sentence + 1}, ${masked.sentences[sentence] ? "kept" : "masked"}`;
          group.element = element("span", "", [], { role: "group", "aria-label": name });
          group.element.append(this.badge(pair, side, sentence, sentences[sentence]!.verdict));
          text.append(group.element);
        }
      }
      const of = sentence === null ? undefined : sentences[sentence]!.verdict;
      const drawn = completion.slice(piece.start, piece.end);
      const own = push && view.colour === "push" ? { value: push[side][piece.token ?? -1] ?? 0, most } : undefined;
      group.element.append(
        piece.token === null ? drawn : token(drawn, piece, of, masked.weights[piece.token]! > 0, own),
      );
    }
    text.append(completion.slice(pieces.at(-1)?.end ?? 0));
    return text;
  }

  /** The verdict's letter; above it lies a list of all verdicts that cannot be seen: it brings keyboard and names. */
  private badge(pair: number, side: Side, sentence: number, verdict: Verdict): HTMLElement {
    const read = this.bench.content.pairs[pair]!.row[side].sentences[sentence]!.verdict;
    const options = verdictSchema.options.map((name) =>
      element("option", "", verdictLook[name].label, { value: name }),
    );
    const id = `verdict-${side}-${sentence}`;
    const list = element("select", "", options, { id, "aria-label": `verdict of ${side} sentence ${sentence + 1}` });
    list.value = verdict;
    list.addEventListener("change", () => this.relabel(pair, side, sentence, list.value as Verdict));
    const was = read === verdict ? "" : `, was ${verdictLook[read].label}`;
    const changed = read === verdict ? "" : " changed";
    return element("span", `badge ${verdict}${changed}`, [element("b", "", verdictLook[verdict].letter), list], {
      title: `sentence ${sentence + 1}: ${verdictLook[verdict].label}${was}; click to change`,
    });
  }
}

/** @param push its own, and the strongest of the pair, where tokens are coloured by it */
function token(
  text: string,
  { token: index, sentence }: Piece,
  verdict: Verdict | undefined,
  kept: boolean,
  push: { value: number; most: number } | undefined,
): HTMLElement {
  const look = push ? (push.value > 0 ? "up" : push.value < 0 ? "down" : "still") : (verdict ?? "none");
  const made = element(kept ? "span" : "s", `t ${look} ${kept ? "kept" : "masked"}`, text === "" ? "\u00b7" : text);
  const where = sentence === null ? "in no sentence" : `sentence ${sentence + 1}, ${verdictLook[verdict!].label}`;
  const pushed = push && kept ? `, ${pushTitle(push.value)}` : "";
  made.title = `token ${index! + 1}: ${kept ? "kept" : "masked"}, ${where}${pushed}`;
  if (push && push.most > 0) made.style.setProperty("--amount", `${(60 * Math.abs(push.value)) / push.most}%`);
  return made;
}

function pushTitle(value: number): string {
  if (value === 0) return "not pushed";
  return `pushed ${value > 0 ? "up" : "down"} by ${pushText(Math.abs(value))} of loss per nat`;
}

/** What a side's tokens are pushed by, in all. */
function pushNote(pushes: readonly number[], side: Side): string {
  if (pushes.every((value) => value === 0)) return `the loss does not look at the ${side} side`;
  return `${pushTitle(sum(pushes))} in all`;
}
