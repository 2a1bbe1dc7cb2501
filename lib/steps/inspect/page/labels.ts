/** Verdicts as a reader corrects them: with undo and redo, kept by the browser under the hash of the pairs. */
import { z } from "zod";
import { verdictSchema, type Sentence, type Verdict } from "../../../factuality/records";
import { factualityScore } from "../../../factuality/score";
import { sideNames, type Side } from "../../../preference/mask";
import type { PreferencePair } from "../../../preference/pair";

const changeSchema = z.object({
  /** index in the file */
  pair: z.number().int().nonnegative(),
  side: z.enum(sideNames),
  /** index in the side */
  sentence: z.number().int().nonnegative(),
  from: verdictSchema,
  to: verdictSchema,
});
export type Change = z.infer<typeof changeSchema>;
const historySchema = z.object({ done: z.array(changeSchema), undone: z.array(changeSchema) });
type History = z.infer<typeof historySchema>;

/** Where they are kept; a browser may have none for a page. */
export type Store = Pick<Storage, "getItem" | "setItem">;

export class Labels {
  private history: History = { done: [], undone: [] };
  private readonly corrected = new Map<string, Verdict>();

  /** @param key under which `store` has them */
  constructor(
    private readonly rows: readonly PreferencePair[],
    private readonly key: string,
    private readonly store: Store | undefined,
  ) {
    const found = historySchema.safeParse(storedJson(store?.getItem(key)));
    const known = ({ pair, side, sentence }: Change) => rows[pair]?.[side].sentences[sentence] !== undefined;
    if (!found.success || ![...found.data.done, ...found.data.undone].every(known)) return;
    this.history = found.data;
    for (const change of this.history.done) this.put(change, change.to);
  }

  /** Sentences whose verdict is not the file's, and pairs that have one. */
  get counts(): { sentences: number; pairs: number } {
    const pairs = new Set([...this.corrected.keys()].map((place) => place.split(" ")[0]));
    return { sentences: this.corrected.size, pairs: pairs.size };
  }

  get canUndo(): boolean {
    return this.history.done.length > 0;
  }

  get canRedo(): boolean {
    return this.history.undone.length > 0;
  }

  /** sentences of a pair whose verdict is not the file's */
  changedIn(pair: number): number {
    return sideNames.reduce((count, side) => count + this.changedOf(pair, side), 0);
  }

  changedOf(pair: number, side: Side): number {
    return this.rows[pair]![side].sentences.filter((_, i) => this.corrected.has(`${pair} ${side} ${i}`)).length;
  }

  sentences(pair: number, side: Side): Sentence[] {
    return this.rows[pair]![side].sentences.map((sentence, i) => {
      const verdict = this.corrected.get(`${pair} ${side} ${i}`);
      return verdict ? { ...sentence, verdict } : sentence;
    });
  }

  /** That of the file, or where a verdict of the side was corrected the score of the verdicts there are now. */
  score(pair: number, side: Side): number {
    const { scores } = this.rows[pair]!;
    return this.changedOf(pair, side) === 0 ? scores[side] : factualityScore(this.sentences(pair, side))!;
  }

  /** The pair as it is exported; one without a correction as it was read. */
  row(pair: number): PreferencePair {
    const row = this.rows[pair]!;
    if (this.changedIn(pair) === 0) return row;
    const side = (name: Side) => ({ ...row[name], sentences: this.sentences(pair, name) });
    return {
      ...row,
      chosen: side("chosen"),
      rejected: side("rejected"),
      scores: { chosen: this.score(pair, "chosen"), rejected: this.score(pair, "rejected") },
    };
  }

  relabel(pair: number, side: Side, sentence: number, to: Verdict): Change {
    const change = { pair, side, sentence, from: this.sentences(pair, side)[sentence]!.verdict, to };
    this.put(change, to);
    this.keep({ done: [...this.history.done, change], undone: [] });
    return change;
  }

  /** @returns what was taken back, if anything was left */
  undo(): Change | undefined {
    const { done, undone } = this.history;
    const last = done.at(-1);
    if (!last) return undefined;
    this.put(last, last.from);
    this.keep({ done: done.slice(0, -1), undone: [...undone, last] });
    return last;
  }

  /** @returns what was done again, if anything was taken back */
  redo(): Change | undefined {
    const { done, undone } = this.history;
    const last = undone.at(-1);
    if (!last) return undefined;
    this.put(last, last.to);
    this.keep({ done: [...done, last], undone: undone.slice(0, -1) });
    return last;
  }

  private put({ pair, side, sentence }: Change, verdict: Verdict): void {
    const place = `${pair} ${side} ${sentence}`;
    if (verdict === this.rows[pair]![side].sentences[sentence]!.verdict) this.corrected.delete(place);
    else this.corrected.set(place, verdict);
  }

  private keep(history: History): void {
    this.history = history;
    this.store?.setItem(this.key, JSON.stringify(history));
  }
}

function storedJson(text: string | null | undefined): unknown {
  try {
    return JSON.parse(text ?? "null");
  } catch {
    return null; // not ours
  }
}
