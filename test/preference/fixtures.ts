// Hand-made rows and a tokenizer of readable tokens, for the tests of this folder.
import { UserError } from "../../lib/base/check";
import type { AnnotatedCandidate, Question, Sentence, Verdict } from "../../lib/factuality/records";
import type { CompletionTokenizer } from "../../lib/preference/collate";
import type { PreferencePair } from "../../lib/preference/pair";

export const verdictOf: Record<string, Verdict> = {
  S: "supported",
  C: "contradictory",
  U: "unverifiable",
  N: "no-fact",
};

/** Spans of the given pieces, each found behind the one before. */
export function spansOf(text: string, pieces: readonly string[], letters: string): Sentence[] {
  let from = 0;
  return pieces.map((piece, i) => {
    const start = text.indexOf(piece, from);
    if (start < 0) throw new Error(`${piece} is not in ${text}`);
    from = start + piece.length;
    return { start, end: from, verdict: verdictOf[letters[i]!]! };
  });
}

/** A candidate with one short sentence per letter: "s0. s1. …". */
export function candidate(questionId: string, index: number, letters: string, tag = ""): AnnotatedCandidate {
  const pieces = [...letters].map((_, i) => `s${tag}${index}${i}.`);
  const completion = pieces.join(" ");
  return { questionId, index, completion, seed: 0, sentences: spansOf(completion, pieces, letters) };
}

export function question(id: string, topic = id): Question {
  return { id, topic, prompt: [{ role: "user", content: `Tell me about ${topic}.` }] };
}

export function pairOf(questionId: string, chosen: string, rejected: string): PreferencePair {
  const [w, l] = [candidate(questionId, 0, chosen), candidate(questionId, 1, rejected)];
  return {
    questionId,
    topic: questionId,
    prompt: question(questionId).prompt,
    chosen: { completion: w.completion, sentences: w.sentences },
    rejected: { completion: l.completion, sentences: l.sentences },
    scores: { chosen: 1, rejected: 0 },
  };
}

/** Tokens are " word" and "." and runs of other white space; ids grow with each new token. EOS is 1. */
export function wordTokenizer(): CompletionTokenizer & { spell(ids: readonly number[]): string[] } {
  const words = ["<pad>", "<eos>"];
  const offsets = (ids: readonly number[], text: string) => {
    const starts: number[] = [];
    const ends: number[] = [];
    let at = 0;
    for (const id of ids) {
      starts.push(at);
      at += words[id]!.length;
      ends.push(at);
    }
    if (ids.map((id) => words[id]).join("") !== text)
      throw new UserError({
        where: "word tokenizer",
        expected: "ids that spell the text",
        got: "others",
        fix: "Leave them out.",
      });
    return { starts, ends };
  };
  const encode = (text: string) => {
    const ids = (text.match(/ ?[\p{L}\p{N}]+|\s|[^\s\p{L}\p{N}]+/gu) ?? []).map((word) => {
      if (!words.includes(word)) words.push(word);
      return words.indexOf(word);
    });
    return { ids, ...offsets(ids, text) };
  };
  return {
    dir: "word tokenizer",
    specialTokens: {},
    opening: [],
    eosId: 1,
    eosIds: [1],
    encode,
    encodeAfter: (_, text) => encode(text),
    offsets,
    spell: (ids) => ids.map((id) => words[id]!),
  };
}
