/**
 * KTO on both sides of a pair: lD (1 - sigmoid(beta (d_w - z0))) + lU (1 - sigmoid(beta (z0 - d_l))). z0 is the mean d
 * of mismatched completions of the step's pairs, or 0 where that is below 0, and a constant. As in TRL the mean counts
 * all of them (HALOs leaves out those whose d is 0), and a completion is mismatched before training, in the order of
 * the file: here it is that of the next pair with another prompt, under its own mask, where TRL takes the neighbour in
 * a batch, whatever its prompt. z0 is one of the whole step, not of a microbatch; it costs a forward pass in each.
 * The loss is the sum of the two sides: twice TRL's mean over items.
 */
import { z } from "zod";
import type { Objective } from "../objective";
import { beta, kto as ofKto, rewards } from "../options";
import { desirable, undesirable } from "./utility";

const options = z.object({ beta: beta(0.1), ...ofKto });

export const kto: Objective<(typeof options)["shape"], "logratio" | "zero"> = {
  name: "kto",
  label: "KTO",
  source: "Ethayarajh et al. 2024, Eq. 7, as TRL",
  options,
  needs: ({ z0 }) => (z0 === undefined ? ["logratio", "zero"] : ["logratio"]),
  losses(pair, { beta, lambdaDesirable, lambdaUndesirable, z0 }, { zero }) {
    const point = z0 ?? zero;
    const chosen = desirable(pair.chosen.logratio, beta, point).mul(lambdaDesirable);
    const rejected = undesirable(pair.rejected.logratio, beta, point).mul(lambdaUndesirable);
    return { losses: chosen.add(rejected), ...rewards(pair, beta) };
  },
};
