/** A row of pairs against its own texts: the masks it brings along, those that the official code makes, its spans. */
import type { LocationReport } from "../../factuality/humanLabels";
import { besideStop, cutsWord } from "../../factuality/spanUnits";
import { splitSentences } from "../../text/sentence";
import { promptIds } from "../../text/prompt";
import { encodeSide, tokenizePair, type CompletionTokenizer, type EncodedSide, type TokenizedPair } from "../collate";
import { official, officialItems } from "../formats/official";
import { sideNames, type Side } from "../mask";
import { officialMasks, type ToldSentence } from "../officialMask";
import type { PreferencePair } from "../pair";
import { largestDrift, markedText, wrongTokens, type AnswerTokens, type Drift, type WrongTokens } from "./difference";
import { place, type GivenMask } from "./givenMask";

/** What can be wrong with a row, as a summary says it. */
export const faultNames = {
  missing: "with a sentence that is not in its text",
  labels: "with labels that the official trainer does not know, and masks nothing for",
  span: "with a span that begins or ends inside a word, or beside the stop",
  tokens: "whose ids are not this tokenizer's of the text",
  length: "whose mask is not as long as its tokens",
  prompt: "that learn from tokens of the prompt",
  unmasked: "that the official trainer leaves unmasked, as labels ran over the end",
  wrong: "with a token on the wrong side of the mask",
  boundary: "whose mask changes elsewhere than where its sentences do",
} as const;
export type Fault = keyof typeof faultNames;

export interface LintSide extends Partial<WrongTokens> {
  /** Of the completion, without its closing token. */
  tokens: number;
  /** Length of the mask, and what it counts; undefined without a mask. */
  mask?: { length: number; excess: number; counts: string };
  closingMasked?: boolean;
  drift?: Drift;
  /** The text around the first wrong token (`markedText`). */
  shown?: string;
}

export interface LintRow {
  /** file:line */
  where: string;
  faults: Fault[];
  /** undefined where a sentence is not in its text, so that nobody can say what its mask should be */
  sides?: Record<Side, LintSide>;
}

/** A pair with the masks that its row brings along, if any. */
export function lintPair(
  pair: PreferencePair,
  masks: Partial<Record<Side, GivenMask>>,
  where: string,
  tokenizer: CompletionTokenizer,
): LintRow {
  const prompt = promptIds(tokenizer, pair.prompt);
  const known = judged(pair);
  const tokenized = tokenizePair(known ? pair : withSentences(pair), tokenizer, prompt, { mask: "paper" });
  const faults = new Set<Fault>();
  const side = (name: Side): LintSide => {
    const encoded = encodeSide(pair[name], pair.prompt, tokenizer, prompt);
    const { completion, sentences } = pair[name];
    if (sentences.some((span) => cutsWord(completion, span) || besideStop(completion, span))) faults.add("span");
    const own: LintSide = { tokens: encoded.ids.length };
    const given = masks[name];
    if (!given) return own;
    const placed = place(given, encoded);
    if (!placed) {
      faults.add("tokens");
      return own;
    }
    if (placed.excess !== 0) faults.add("length");
    if (placed.promptLearnt > 0) faults.add("prompt");
    const { excess, counts } = placed;
    const mask = { length: given.bits.length, excess, counts };
    return { ...own, mask, ...compared(placed.bits, answerOf(tokenized, name, encoded, known), faults) };
  };
  const sides = { chosen: side("chosen"), rejected: side("rejected") };
  return { where, faults: ordered(faults), sides };
}

/** A row of the official code's format, as its trainer masks it. */
export function lintOfficial(value: unknown, where: string, tokenizer: CompletionTokenizer): LintRow {
  const items = officialItems(value, where);
  const faults = new Set<Fault>();
  if (sideNames.some((name) => items[name].type.some((label) => !label.endsWith("hallucination"))))
    faults.add("labels");
  const report: LocationReport = { sentences: 0, verbatim: 0, loose: 0, missing: [] };
  const read = official.read(value, where, report);
  if (!read) return { where, faults: ordered(faults.add("missing")) };
  const pair = { ...read, chosen: asText(read.chosen), rejected: asText(read.rejected) };
  const prompt = promptIds(tokenizer, pair.prompt);
  const tokenized = tokenizePair(pair, tokenizer, prompt, { mask: "paper" });
  const told = (name: Side): ToldSentence[] =>
    items[name].sents.map((text, s) => ({
      text,
      masked: items[name].type[s] === (name === "chosen" ? "hallucination" : "no_hallucination"),
    }));
  const masks = officialMasks(tokenized, tokenizer, { chosen: told("chosen"), rejected: told("rejected") });
  if (masks.fallback) faults.add("unmasked");
  const side = (name: Side): LintSide => {
    const encoded = encodeSide(pair[name], pair.prompt, tokenizer, prompt);
    const bits = Array.from(masks[name].subarray(tokenized[name].promptLength));
    const mask = { length: masks[name].length, excess: 0, counts: "prompt, completion, closing token" };
    return { tokens: encoded.ids.length, mask, ...compared(bits, answerOf(tokenized, name, encoded, true), faults) };
  };
  const sides = { chosen: side("chosen"), rejected: side("rejected") };
  return { where, faults: ordered(faults), sides };
}

/** Its trainer knows no ids and no limits. */
const asText = ({ completion, sentences }: PreferencePair[Side]): PreferencePair[Side] => ({ completion, sentences });

const judged = ({ chosen, rejected }: PreferencePair): boolean =>
  chosen.sentences.length > 0 && rejected.sentences.length > 0;

/** Of texts that nobody judged only the boundaries count. */
function withSentences(pair: PreferencePair): PreferencePair {
  const side = (name: Side): PreferencePair[Side] => ({
    ...pair[name],
    sentences: splitSentences(pair[name].completion).map((span) => ({ ...span, verdict: "no-fact" })),
  });
  return { ...pair, chosen: side("chosen"), rejected: side("rejected") };
}

function answerOf(pair: TokenizedPair, name: Side, encoded: EncodedSide, known: boolean): AnswerTokens {
  const { completion: text } = pair.source[name];
  const { weights, sentenceOf, promptLength } = pair[name];
  const closing = encoded.closing === undefined ? [] : [text.length];
  return {
    text,
    starts: [...encoded.starts, ...closing],
    ends: [...encoded.ends, ...closing],
    sentenceOf: sentenceOf.subarray(promptLength),
    exact: known ? weights.subarray(promptLength) : undefined,
  };
}

function compared(bits: readonly number[], answer: AnswerTokens, faults: Set<Fault>): Partial<LintSide> {
  const drift = largestDrift(bits, answer);
  if (drift && drift.tokens !== 0) faults.add("boundary");
  if (!answer.exact) return { drift };
  const wrong = wrongTokens(answer.exact, bits);
  if (wrong.wronglyMasked + wrong.wronglyLearnt > 0) faults.add("wrong");
  const last = answer.text.length;
  const closingMasked = answer.starts.some((start, t) => start === last && answer.ends[t] === last && bits[t] === 0);
  return { ...wrong, closingMasked, drift, shown: markedText(bits, answer) };
}

/** In the order of `faultNames`. */
const ordered = (faults: ReadonlySet<Fault>): Fault[] =>
  (Object.keys(faultNames) as Fault[]).filter((name) => faults.has(name));
