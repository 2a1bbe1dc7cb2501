/** All that the page computes of its pairs, under the verdicts of the moment; kept until a verdict changes. */
import { sum } from "../../../base/collections";
import { isHallucination } from "../../../factuality/verdict";
import {
  emptiesSide,
  keptSentences,
  maskStream,
  sentenceMask,
  sideNames,
  type MaskKind,
  type Side,
} from "../../../preference/mask";
import type { Content } from "../content";
import type { Labels } from "./labels";
import { offers, pushOf, type Push } from "./objectives";
import { cutOf, floatsOf, type Cut } from "./tokens";

export interface Masked {
  /** [tokens] */
  weights: Uint8Array;
  kept: number;
  /** [sentences] */
  sentences: boolean[];
  /** nothing is left of the side, so that training leaves its pair out */
  emptied: boolean;
}

export class Bench {
  private readonly cuts: Cut[] = [];
  private readonly known: Map<string, unknown>[] = [];

  constructor(
    readonly content: Content,
    readonly labels: Labels,
  ) {}

  cut(pair: number, side: Side): Cut {
    const at = 2 * pair + sideNames.indexOf(side);
    return (this.cuts[at] ??= cutOf(this.content.pairs[pair]![side]));
  }

  masked(pair: number, side: Side, mask: MaskKind): Masked {
    return this.once(pair, `${side} ${mask}`, () => {
      const rng = maskStream(this.content.seed, this.content.pairs[pair]!.row.questionId).fork(side);
      const sentences = keptSentences(side, this.labels.sentences(pair, side), { mask }, rng);
      const { sentenceOf } = this.cut(pair, side);
      const weights = sentenceMask(sentenceOf, sentences);
      const kept = sum([...weights]);
      return { weights, kept, sentences, emptied: kept === 0 || emptiesSide(sentenceOf, sentences, { mask }) };
    });
  }

  emptied(pair: number, mask: MaskKind): boolean {
    return sideNames.some((side) => this.masked(pair, side, mask).emptied);
  }

  /** Log-probabilities [tokens] under policy and reference; none where the page was given none. */
  logps(pair: number, side: Side): Record<"policy" | "reference", number[]> | undefined {
    return this.once(pair, `${side} logps`, () => {
      const { logps } = this.content.pairs[pair]![side];
      return logps && { policy: floatsOf(logps.policy), reference: floatsOf(logps.reference) };
    });
  }

  /** What the loss pushes; nothing for a pair that training leaves out. */
  push(pair: number, mask: MaskKind, objective: string): Push | undefined {
    return this.once(pair, `${mask} ${objective}`, () => {
      const [chosen, rejected] = sideNames.map((side) => {
        const logps = this.logps(pair, side);
        const label: 0 | 1 = this.labels.sentences(pair, side).some(({ verdict }) => isHallucination(verdict)) ? 1 : 0;
        const weights = [...this.masked(pair, side, mask).weights];
        return logps && { logps: logps.policy, reference: logps.reference, weights, label };
      });
      if (!chosen || !rejected || this.emptied(pair, mask)) return undefined;
      const { choice } = offers.find((offer) => offer.choice.name === objective)!;
      return pushOf(choice, { chosen, rejected });
    });
  }

  /** Score of chosen minus that of rejected, in points. */
  margin(pair: number): number {
    return 100 * (this.labels.score(pair, "chosen") - this.labels.score(pair, "rejected"));
  }

  /** Share of the pair's sentences that the paper's mask drops: wrong ones of chosen, right ones of rejected. */
  mixing(pair: number): number {
    const kept = sideNames.flatMap((side) => this.masked(pair, side, "paper").sentences);
    return kept.length === 0 ? 0 : kept.filter((keeps) => !keeps).length / kept.length;
  }

  /** Tokens of both sides. */
  length(pair: number): number {
    return sum(sideNames.map((side) => this.cut(pair, side).sentenceOf.length));
  }

  /** To be called when a verdict of the pair has changed. */
  forget(pair: number): void {
    this.known[pair] = new Map();
  }

  private once<T>(pair: number, what: string, compute: () => T): T {
    const known = (this.known[pair] ??= new Map());
    if (!known.has(what)) known.set(what, compute());
    return known.get(what) as T;
  }
}
