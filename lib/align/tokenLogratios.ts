/** How far training moved each token of a pair: its log-probabilities under policy and reference (Eq. 3), as a map. */
import type { Policy } from "../model/policy";
import { sidesOf, tokenizePair } from "../preference/collate";
import type { Mask } from "../preference/mask";
import type { PreferencePair } from "../preference/pair";
import type { Bundle } from "../show/bundle";
import { heatBundle, type HeatRow } from "../show/heat";
import { promptIds } from "../text/prompt";
import { completionTokenLogps } from "./track/sequences";

/** Of one completion token; the closing token's text is that of the tokenizer. */
export interface TokenLogratio {
  text: string;
  /** nats under policy and reference, and their difference */
  logps: number;
  reference: number;
  logratio: number;
  /** whether the mask keeps it */
  kept: boolean;
}

export type TokenLogratios = Record<"chosen" | "rejected", TokenLogratio[]> & Bundle;

/**
 * Token log-ratios of both sides of a pair, and a heat map of them: green where the policy makes a token likelier than
 * the reference does, orange where less likely; what the mask leaves out is struck.
 * @throws UserError where the two have different tokenizers, or as `tokenizePair`
 */
export async function tokenLogratios(
  policy: Policy,
  reference: Policy,
  pair: PreferencePair,
  { mask = "paper", seed = 0 }: { mask?: Mask; seed?: number } = {},
): Promise<TokenLogratios> {
  const { tokenizer } = policy;
  const tokenized = tokenizePair(pair, tokenizer, promptIds(tokenizer, pair.prompt), { mask, seed });
  const sides = sidesOf([tokenized]);
  const [own, other] = [await completionTokenLogps(policy, sides), await completionTokenLogps(reference, sides)];
  const rows = sides.map(({ ids, promptLength, weights }, s) =>
    Array.from(ids.subarray(promptLength), (id, t): TokenLogratio => {
      const [logps, before] = [own[s]![t]!, other[s]![t]!];
      const kept = weights[promptLength + t]! > 0;
      return { text: tokenizer.decode([id]), logps, reference: before, logratio: logps - before, kept };
    }),
  );
  const [chosen, rejected] = rows as [TokenLogratio[], TokenLogratio[]];
  const row = (label: string, tokens: readonly TokenLogratio[]): HeatRow => ({
    label,
    cells: tokens.map(({ text, logratio, kept, logps, reference }) => ({
      text,
      value: logratio,
      faded: !kept,
      note: `${logratio.toFixed(3)} nats (${reference.toFixed(3)} to ${logps.toFixed(3)})${kept ? "" : ", masked"}`,
    })),
  });
  const heat = heatBundle("log-ratio of policy and reference (nats)", [
    row("chosen", chosen),
    row("rejected", rejected),
  ]);
  return { chosen, rejected, ...heat };
}
