/**
 * A token mask against the exact one of its text (`mask.ts`): which tokens are on the wrong side, how far its
 * boundaries lie from those of sentences, and what that looks like in the text. T tokens.
 */

/** How many tokens are masked that should be learnt from, and the reverse, where both masks have a bit. */
export interface WrongTokens {
  wronglyMasked: number;
  wronglyLearnt: number;
}

/** @param exact 0/1 [T] @param given 0/1 [any length] */
export function wrongTokens(exact: ArrayLike<number>, given: ArrayLike<number>): WrongTokens {
  const counts = { wronglyMasked: 0, wronglyLearnt: 0 };
  for (let t = 0; t < Math.min(exact.length, given.length); t++) {
    if (exact[t] === given[t]) continue;
    counts[given[t] === 0 ? "wronglyMasked" : "wronglyLearnt"]++;
  }
  return counts;
}

/** An answer as a mask sees it: the tokens of the completion, and the one that closes it if there is one. */
export interface AnswerTokens {
  text: string;
  /** [T] characters of the text; the closing token is empty and at its end. */
  starts: readonly number[];
  ends: readonly number[];
  /** [T] sentence, -1 for none */
  sentenceOf: ArrayLike<number>;
  /** [T] the mask of Eq. 5; undefined where nobody judged the sentences */
  exact: ArrayLike<number> | undefined;
}

/** How far a boundary of a mask lies behind (or, below 0, before) the one it stands for. */
export interface Drift {
  tokens: number;
  characters: number;
}

/**
 * The largest drift of a mask; undefined for one that changes nowhere. Where it changes as often as the exact one, its
 * changes stand for those in order; elsewhere each for the nearest boundary of a sentence.
 */
export function largestDrift(given: ArrayLike<number>, answer: AnswerTokens): Drift | undefined {
  const compared = Math.min(given.length, answer.starts.length);
  const found = changesOf(given, compared);
  const exact = answer.exact && changesOf(answer.exact, compared);
  const boundaries = changesOf(answer.sentenceOf, answer.starts.length);
  const wanted = exact?.length === found.length ? exact : found.map((t) => nearestOf(boundaries, t));
  const drifts = found.map((t, i) => ({
    tokens: t - wanted[i]!,
    characters: answer.starts[t]! - answer.starts[wanted[i]!]!,
  }));
  return drifts.reduce<Drift | undefined>(
    (most, drift) => (most && Math.abs(most.tokens) >= Math.abs(drift.tokens) ? most : drift),
    undefined,
  );
}

/** Those of the first tokens whose value is another than that of the one before. */
function changesOf(values: ArrayLike<number>, tokens: number): number[] {
  const changes: number[] = [];
  for (let t = 1; t < tokens; t++) if (values[t] !== values[t - 1]) changes.push(t);
  return changes;
}

/** The text begins and ends sentences too, so there always is one. */
function nearestOf(boundaries: readonly number[], t: number): number {
  return boundaries.reduce((near, b) => (Math.abs(b - t) < Math.abs(near - t) ? b : near), 0);
}

/** Characters shown before and behind the first wrong token. */
const around = { before: 60, behind: 140 };

/**
 * The text around the first wrong token, marked as `git diff --word-diff` does: [-masked-] though it should be learnt
 * from, {+learnt+} though it should be masked. Without a wrong token: none.
 */
export function markedText(given: ArrayLike<number>, { text, starts, ends, exact }: AnswerTokens): string | undefined {
  const bad = (t: number): number => (exact && t < given.length && given[t] !== exact[t] ? 1 + given[t]! : 0);
  const first = starts.findIndex((_, t) => bad(t) > 0);
  if (first < 0) return undefined;
  const [from, to] = [starts[first]! - around.before, starts[first]! + around.behind];
  const marks = ["", "[-", "{+"];
  const ending = ["", "-]", "+}"];
  let shown = from > 0 ? "…" : "";
  let open = 0;
  let at = Math.max(0, from);
  for (let t = 0; t < starts.length && starts[t]! <= to; t++) {
    if (ends[t]! < at) continue;
    const kind = bad(t);
    if (kind !== open) shown += text.slice(at, (at = Math.max(at, starts[t]!))) + ending[open]! + marks[kind]!;
    open = kind;
    shown += starts[t] === text.length && kind > 0 ? "<end>" : text.slice(at, ends[t]);
    at = Math.max(at, ends[t]!);
  }
  return `${shown}${ending[open]}${at < text.length ? "…" : ""}`.replace(/\s+/g, (space) =>
    space.includes("\n") ? "↵" : " ",
  );
}
