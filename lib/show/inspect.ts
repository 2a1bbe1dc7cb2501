/**
 * The mask inspector: preference pairs with every token coloured by the verdict of its sentence and marked
 * by whether the mask keeps it (paper Eq. 5: chosen keeps a_i = 0, rejected a_i = 1). Kept is underlined,
 * masked hatched and struck, and each sentence carries its verdict's letter, so that colour is never needed.
 * `inspectPage` is one file without network; `inspectBundle` shows a few pairs in a notebook without script.
 */
import { readFileSync } from "node:fs";
import path from "node:path";
import type { Sentence, Verdict } from "../factuality/records";
import { verdictSchema } from "../factuality/records";
import type { Bundle } from "./bundle";
import { escapeHtml, scriptJson } from "./markup";
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

/**
 * Tokens in a row with one sentence and one fate: [sentence or -1, kept, ...lengths]; a negative length is text without
 * a token.
 */
type Run = [sentence: number, kept: 0 | 1, ...lengths: number[]];

const VERDICTS = verdictSchema.options;
const LINES: Record<Verdict, string> = {
  supported: "solid",
  contradictory: "double",
  unverifiable: "dotted",
  "no-fact": "dashed",
};

/**
 * One self-contained page for any number of pairs.
 * @throws RangeError for tokens outside the text, out of order, or of a sentence that is not there
 */
export function inspectPage(pairs: readonly InspectPair[]): string {
  const data = {
    verdicts: VERDICTS.map((name) => ({ name, label: verdictLook[name].label, letter: verdictLook[name].letter })),
    pairs: pairs.map((pair) => ({
      id: pair.questionId,
      topic: pair.topic,
      prompt: pair.prompt,
      chosen: compactSide(pair.sides.chosen, pair.questionId),
      rejected: compactSide(pair.sides.rejected, pair.questionId),
    })),
  };
  const colours = VERDICTS.map((name) => `--${name}: ${verdictLook[name].style.color};`).join(" ");
  const template = readFileSync(path.join(__dirname, "inspect.html"), "utf8");
  return template.replace("/*COLOURS*/", () => colours).replace("/*DATA*/", () => scriptJson(data));
}

/** A few pairs for one notebook display. Kept is <u>, masked is <s>: readable even where styles are stripped. */
export function inspectBundle(pairs: readonly InspectPair[]): Bundle {
  return { html: `<div>${legendHtml()}${pairs.map(pairHtml).join("")}</div>`, text: pairs.map(pairText).join("\n\n") };
}

/** A side as the page reads it. */
interface CompactSide {
  completion: string;
  score: number;
  /** [start, end, index of the verdict] each */
  sentences: number[][];
  runs: Run[];
}

function compactSide(side: InspectSide, questionId: string): CompactSide {
  const sentences = side.sentences.map(({ start, end, verdict }) => [start, end, VERDICTS.indexOf(verdict)]);
  return { completion: side.completion, score: side.score, sentences, runs: runsOf(side, questionId) };
}

/**
 * Tokens as runs, checked. A token that begins inside the one before (bytes of one character) keeps only its new part.
 */
function runsOf({ completion, sentences, tokens }: InspectSide, questionId: string): Run[] {
  const runs: Run[] = [];
  let at = 0;
  let previous = 0;
  for (const { start, end, kept, sentence } of tokens) {
    if (!(start >= previous && end >= start && end <= completion.length))
      throw new RangeError(
        `inspect: expected tokens of ${questionId} in order inside ${completion.length} characters, ` +
          `got ${start}-${end}`,
      );
    if (sentence !== null && sentences[sentence] === undefined)
      throw new RangeError(`inspect: expected a sentence below ${sentences.length} in ${questionId}, got ${sentence}`);
    previous = start;
    const last = runs[runs.length - 1];
    const same = last !== undefined && last[0] === (sentence ?? -1) && last[1] === (kept ? 1 : 0);
    const run: Run = same ? last : [sentence ?? -1, kept ? 1 : 0];
    if (!same) runs.push(run);
    if (start > at) run.push(at - start);
    run.push(Math.max(0, end - Math.max(at, start)));
    at = Math.max(at, end);
  }
  return runs;
}

/** Calls back for each piece of the text in order: token or text between tokens, and whether a sentence begins. */
function walk(
  side: InspectSide,
  questionId: string,
  piece: (text: string, run: Run, token: boolean, opens: boolean) => void,
): void {
  let at = 0;
  let sentence = -1;
  for (const run of runsOf(side, questionId)) {
    const opens = run[0] >= 0 && run[0] !== sentence;
    if (opens) sentence = run[0];
    run.slice(2).forEach((length, i) => {
      piece(side.completion.slice(at, at + Math.abs(length)), run, length >= 0, opens && i === 0);
      at += Math.abs(length);
    });
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
  walk(side, questionId, (text, run, token, opens) => {
    const verdict = side.sentences[run[0]]?.verdict;
    if (opens) html.push(verdictBadge(verdict!));
    if (text !== "") html.push(token ? tokenHtml(text, run[1] === 1, verdict) : escapeHtml(text));
  });
  return html.join("");
}

function tokenHtml(text: string, kept: boolean, verdict: Verdict | undefined): string {
  if (!kept) {
    const hatched = "repeating-linear-gradient(135deg,transparent 0 4px,rgba(128,128,128,.5) 4px 5px)";
    return `<s style="opacity:.75;background:${hatched}">${escapeHtml(text)}</s>`;
  }
  const color = verdict ? verdictLook[verdict].style.color : "#7A828C";
  const line = `3px ${verdict ? LINES[verdict] : "solid"} ${color}`;
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
    walk(side, pair.questionId, (piece, run, token, opens) => {
      const masked = token ? run[1] === 0 : open;
      if (open && (!masked || opens)) text += "}";
      if (opens) text += `${text === "" ? "" : " "}[${verdictLook[side.sentences[run[0]]!.verdict].letter}] `;
      if (masked && (!open || opens)) text += "{";
      open = masked;
      text += opens ? piece.trimStart() : piece;
    });
    return `${name} ${side.score.toFixed(2)}: ${text}${open ? "}" : ""}`;
  };
  return [`${pair.topic}: ${pair.prompt}`, line("chosen"), line("rejected")].join("\n");
}
