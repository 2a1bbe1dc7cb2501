/**
 * Sentences with their verdicts, for one notebook display: colour, and the verdict's letter for readers without colour.
 */
import type { Sentence, Verdict } from "../factuality/records";
import { escapeHtml } from "./markup";
import { tint, verdictLook } from "./palette";

/** A text, and what was judged of it: nothing where nobody could. */
export interface JudgedText {
  completion: string;
  sentences: readonly Sentence[];
}

/** A verdict's letter on its colour. */
export function verdictBadge(verdict: Verdict): string {
  const { letter, label, style } = verdictLook[verdict];
  const look = `background:${style.color};color:#000;border-radius:3px;padding:0 4px;margin:0 2px;font-size:11px`;
  return `<b title="${label}" style="${look}">${letter}</b>`;
}

/** The verdicts in order, each with its word. */
export function verdictLegend(): string {
  return (Object.keys(verdictLook) as Verdict[])
    .map((verdict) => `<span style="white-space:nowrap">${verdictBadge(verdict)} ${verdictLook[verdict].label}</span>`)
    .join(" &nbsp; ");
}

/** Badge and tint a sentence; text between sentences stays as it is. */
export function sentencesHtml(text: JudgedText): string {
  return pieces(text)
    .map(({ piece, verdict }) => {
      if (!verdict) return escapeHtml(piece);
      const { color } = verdictLook[verdict].style;
      return `${verdictBadge(verdict)}<span style="background:${tint(color, 0.25)}">${escapeHtml(piece)}</span>`;
    })
    .join("");
}

/** "[S] Brno lies in Czechia. [C] It has 3 people." */
export function sentencesText(text: JudgedText): string {
  return pieces(text)
    .map(({ piece, verdict }) => (verdict ? `[${verdictLook[verdict].letter}] ${piece}` : piece))
    .join("");
}

function pieces({ completion, sentences }: JudgedText): { piece: string; verdict?: Verdict }[] {
  let at = 0;
  const found = sentences.flatMap(({ start, end, verdict }) => {
    const between = completion.slice(at, start);
    at = end;
    return [{ piece: between }, { piece: completion.slice(start, end), verdict }];
  });
  return [...found, { piece: completion.slice(at) }].filter(({ piece }) => piece !== "");
}
