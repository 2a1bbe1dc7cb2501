/**
 * The mask inspector: preference pairs with every token coloured by the verdict of its sentence and marked
 * by whether the mask keeps it (paper Eq. 5: chosen keeps a_i = 0, rejected a_i = 1). Kept is underlined,
 * masked hatched and struck, and each sentence carries its verdict's letter, so that colour is never needed.
 * `inspectBundle` shows a few pairs in a notebook without script; the page of all of them is steps/inspect.
 */
import type { Sentence, Verdict } from "../factuality/records";
import type { Bundle } from "./bundle";
import { escapeHtml } from "./markup";
import { tint, verdictLook } from "./palette";
import { verdictBadge, verdictLegend } from "./sentences";

/**
 * One token: character offsets into the completion; equal offsets where it has no text of its own (part of a character,
 * end of turn).
 */
export interface InspectToken {
  start: number;
  end: number;
  kept: boolean;
  /** Index into `sentences`, or null for a token in no sentence. */
  sentence: number | null;
}

export interface InspectSide {
  completion: string;
  score: number;
  sentences: readonly Sentence[];
  tokens: readonly InspectToken[];
}

export interface InspectPair {
  questionId: string;
  topic: string;
  prompt: string;
  sides: { chosen: InspectSide; rejected: InspectSide };
}

/** A stretch of a completion: a token's own characters, or text without one. */
export interface Piece {
  start: number;
  end: number;
  /** index into `tokens` */
  token: number | null;
  /** of the token; of text without one, that of the token behind it */
  sentence: number | null;
}

/** A few pairs for one notebook display. Kept is <u>, masked is <s>: readable even where styles are stripped. */
export function inspectBundle(pairs: readonly InspectPair[]): Bundle {
  return { html: `<div>${legendHtml()}${pairs.map(pairHtml).join("")}</div>`, text: pairs.map(pairText).join("\n\n") };
}

/**
 * A completion cut at its tokens, checked. A token that begins inside the one before (bytes of one character) has only
 * its new part.
 * @throws RangeError for tokens outside the text, out of order, or of a sentence that is not there
 */
export function piecesOf(
  {
    completion,
    sentences,
    tokens,
  }: Pick<InspectSide, "completion" | "sentences"> & {
    tokens: readonly Omit<InspectToken, "kept">[];
  },
  questionId: string,
): Piece[] {
  const pieces: Piece[] = [];
  let at = 0;
  let previous = 0;
  tokens.forEach(({ start, end, sentence }, token) => {
    if (!(start >= previous && end >= start && end <= completion.length))
      throw new RangeError(
        `inspect: expected tokens of ${questionId} in order inside ${completion.length} characters, ` +
          `got ${start}-${end}`,
      );
    if (sentence !== null && sentences[sentence] === undefined)
      throw new RangeError(`inspect: expected a sentence below ${sentences.length} in ${questionId}, got ${sentence}`);
    previous = start;
    if (start > at) pieces.push({ start: at, end: start, token: null, sentence });
    const from = Math.max(at, start);
    at = Math.max(at, end);
    pieces.push({ start: from, end: at, token, sentence });
  });
  return pieces;
}

/** Calls back for each piece of the text in order, and whether a sentence begins. */
function walk(
  side: InspectSide,
  questionId: string,
  visit: (text: string, piece: Piece, kept: boolean, opens: boolean) => void,
): void {
  let sentence: number | null = null;
  for (const piece of piecesOf(side, questionId)) {
    const opens = piece.sentence !== null && piece.sentence !== sentence;
    if (opens) sentence = piece.sentence;
    const kept = piece.token !== null && side.tokens[piece.token]!.kept;
    visit(side.completion.slice(piece.start, piece.end), piece, kept, opens);
  }
}

function pairHtml(pair: InspectPair): string {
  const cell = (name: "chosen" | "rejected"): string => {
    const side = pair.sides[name];
    const style = "width:50%;text-align:left;vertical-align:top;white-space:pre-wrap;line-height:2";
    const score = `<b>${name}: score ${side.score.toFixed(2)}</b>`;
    return `<td align="left" valign="top" style="${style}">${score}<br>${sideHtml(side, pair.questionId)}</td>`;
  };
  const asked = `${escapeHtml(pair.topic)}: ${escapeHtml(pair.prompt)}`;
  const head = `<tr><th colspan="2" style="text-align:left;white-space:pre-wrap">${asked}</th></tr>`;
  const sides = `<tr>${cell("chosen")}${cell("rejected")}</tr>`;
  return `<table style="width:100%;table-layout:fixed;margin:8px 0;font-size:14px">${head}${sides}</table>`;
}

function sideHtml(side: InspectSide, questionId: string): string {
  const html: string[] = [];
  walk(side, questionId, (text, { token, sentence }, kept, opens) => {
    const verdict = sentence === null ? undefined : side.sentences[sentence]!.verdict;
    if (opens) html.push(verdictBadge(verdict!));
    if (text !== "") html.push(token === null ? escapeHtml(text) : tokenHtml(text, kept, verdict));
  });
  return html.join("");
}

function tokenHtml(text: string, kept: boolean, verdict: Verdict | undefined): string {
  if (!kept) {
    const hatched = "repeating-linear-gradient(135deg,transparent 0 4px,rgba(128,128,128,.5) 4px 5px)";
    return `<s style="opacity:.75;background:${hatched}">${escapeHtml(text)}</s>`;
  }
  const look = verdict && verdictLook[verdict];
  const color = look?.style.color ?? "#7A828C";
  const line = `3px ${look?.line ?? "solid"} ${color}`;
  const style = `text-decoration:none;background:${tint(color, 0.25)};border-bottom:${line}`;
  return `<u style="${style}">${escapeHtml(text)}</u>`;
}

function legendHtml(): string {
  const tokens = [tokenHtml("kept", true, undefined), tokenHtml("masked", false, undefined)];
  return `<p>${[verdictLegend(), ...tokens].join(" &nbsp; ")}</p>`;
}

/** Masked text in braces: "[S] Paris lies in France. [C] {It has 3 people.}" */
function pairText(pair: InspectPair): string {
  const line = (name: "chosen" | "rejected"): string => {
    const side = pair.sides[name];
    let text = "";
    let open = false;
    walk(side, pair.questionId, (piece, { token, sentence }, kept, opens) => {
      const masked = token === null ? open : !kept;
      if (open && (!masked || opens)) text += "}";
      if (opens) text += `${text === "" ? "" : " "}[${verdictLook[side.sentences[sentence!]!.verdict].letter}] `;
      if (masked && (!open || opens)) text += "{";
      open = masked;
      text += opens ? piece.trimStart() : piece;
    });
    return `${name} ${side.score.toFixed(2)}: ${text}${open ? "}" : ""}`;
  };
  return [`${pair.topic}: ${pair.prompt}`, line("chosen"), line("rejected")].join("\n");
}
