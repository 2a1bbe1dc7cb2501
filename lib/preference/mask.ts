/**
 * Which completion tokens are learnt from (Eq. 5). The one place for the rules of tokens and sentences:
 *
 * 1. A token belongs to the sentence of its first non-space character. Text between sentences, and after the
 *    last, belongs to the sentence before it; so does a token of white space only.
 * 2. Text before the first sentence, and the token that closes the completion, belong to no sentence (-1) and
 *    are always kept.
 * 3. `paper` keeps sentences with a_i = 0 of the chosen side and with a_i = 1 of the rejected side.
 *
 * deviates from official: the official code tokenises each sentence apart, so its masks drift against the text,
 * and falls back to plain DPO where lengths disagree. Here one tokenisation's character offsets decide, and
 * spans that do not fit the text throw.
 * T tokens, S sentences.
 */
import { UserError } from "../base/check";
import { isOwn, OwnPieces, type OwnName } from "../base/own";
import { Rng } from "../base/rng";
import { type Sentence, checkSpans } from "../factuality/records";
import { isHallucination } from "../factuality/verdict";

export const sideNames = ["chosen", "rejected"] as const;
export type Side = (typeof sideNames)[number];

/**
 * paper: Eq. 5. none: every sentence (plain DPO). inverted: exactly the sentences that paper drops.
 * random: as many sentences as paper on each side, drawn at random.
 */
export const maskKinds = ["paper", "none", "inverted", "random"] as const;
export type MaskKind = (typeof maskKinds)[number];

/** Whether a sentence of a side is learnt from. Deterministic. */
export type KeepsSentence = (side: Side, sentence: Pick<Sentence, "verdict">, index: number) => boolean;
const ownMasks = new OwnPieces<KeepsSentence>("a mask", "defineMask");

/** A mask of one's own, for this process. @returns what stands where the name of a mask stands */
export function defineMask(name: string, keeps: KeepsSentence): OwnName {
  return ownMasks.add(name, keeps, String(keeps));
}

export type Mask = MaskKind | OwnName;

export interface MaskOptions {
  mask: Mask;
  /** Drop no-fact sentences on both sides before the mask is applied; default false. */
  dropNoFact?: boolean;
}

/**
 * Sentence index per token, -1 for tokens before the first sentence. Every sentence counts from its first
 * non-space character; one without any owns no token.
 * @param starts, ends character offsets [T] of the completion's tokens
 * @returns [T]
 * @throws UserError when spans do not fit the text @throws RangeError when token offsets do not
 */
export function sentenceOfTokens(
  text: string,
  starts: ArrayLike<number>,
  ends: ArrayLike<number>,
  sentences: readonly Sentence[],
): Int32Array {
  checkSpans(
    text,
    sentences,
    {
      path: [],
      addIssue: ({ message }) => {
        throw new UserError({
          where: "sentence spans",
          expected: `spans inside the completion of ${text.length} characters, in order, not overlapping`,
          got: String(message),
          fix: "Annotate this completion again, from this very text.",
        });
      },
    },
    [],
  );
  const owners: { from: number; sentence: number }[] = [];
  sentences.forEach(({ start, end }, sentence) => {
    const from = firstVisible(text, start, end);
    if (from !== undefined) owners.push({ from, sentence });
  });
  return Int32Array.from({ length: starts.length }, (_, t) => {
    const start = starts[t]!;
    const end = ends[t]!;
    if (!(start >= 0 && start <= end && end <= text.length))
      throw new RangeError(
        `sentenceOfTokens: expected token offsets inside a text of ${text.length} characters, ` +
          `got ${start}-${end} at token ${t}`,
      );
    return owners[lastAtOrBefore(owners, firstVisible(text, start, end) ?? start)]?.sentence ?? -1;
  });
}

/**
 * Which sentences of a side are learnt from.
 * @param rng used by `random` only; fork it per pair and side
 * @returns [S]
 */
export function keptSentences(
  side: Side,
  sentences: readonly Pick<Sentence, "verdict">[],
  { mask, dropNoFact = false }: MaskOptions,
  rng: Rng,
): boolean[] {
  const eligible = sentences.map(({ verdict }) => !(dropNoFact && verdict === "no-fact"));
  const paper = sentences.map(({ verdict }, s) => eligible[s]! && isHallucination(verdict) === (side === "rejected"));
  if (isOwn(mask)) {
    const keeps = ownMasks.get(mask);
    return sentences.map((sentence, s) => eligible[s]! && keeps(side, sentence, s));
  }
  if (mask === "paper") return paper;
  if (mask === "none") return eligible;
  if (mask === "inverted") return eligible.map((e, s) => e && !paper[s]);
  const candidates = eligible.flatMap((e, s) => (e ? [s] : []));
  const drawn = new Set(rng.shuffle(candidates).slice(0, paper.filter(Boolean).length));
  return eligible.map((_, s) => drawn.has(s));
}

/** Of `random`, by pair; its sides draw from forks of their names. */
export function maskStream(seed: string | number, questionId: string): Rng {
  return new Rng(seed).fork("mask").fork(questionId);
}

/** 0/1 per completion token [T]: 1 where the token's sentence is kept or it belongs to none. */
export function sentenceMask(sentenceOfToken: Int32Array, kept: readonly boolean[]): Uint8Array {
  return Uint8Array.from(sentenceOfToken, (s) => (s < 0 || kept[s] ? 1 : 0));
}

/**
 * Whether the mask leaves a side without a sentence token, so that only separators would be learnt from.
 * Such pairs are dropped, never trained unmasked. `none` masks nothing and so empties nothing, even where a
 * side has no sentences at all.
 */
export function emptiesSide(
  sentenceOfToken: Int32Array,
  kept: readonly boolean[],
  { mask, dropNoFact = false }: MaskOptions,
): boolean {
  return (mask !== "none" || dropNoFact) && !sentenceOfToken.some((s) => s >= 0 && kept[s]);
}

function firstVisible(text: string, start: number, end: number): number | undefined {
  for (let i = start; i < end; i++) if (!/\s/.test(text[i]!)) return i;
  return undefined;
}

/** Index of the last owner that starts at or before `place`; -1 if none does. */
function lastAtOrBefore(owners: readonly { from: number }[], place: number): number {
  let low = 0;
  let high = owners.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (owners[middle]!.from <= place) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}
