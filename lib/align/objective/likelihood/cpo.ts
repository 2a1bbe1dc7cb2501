/**
 * CPO: -log sigmoid(beta (p_w - p_l)) - alpha p_w / n_w, which is DPO with a uniform reference and a term that keeps
 * the chosen side likely. TRL takes the mean of that term over all tokens of a batch, here it is one over pairs.
 */
import { z } from "zod";
import type { Objective } from "../objective";
import { negativeLogps, weightOfNll } from "../options";

const options = z.object({
  beta: z.number().nonnegative().default(0.1).describe("scale of the log-probabilities"), // TRL: 0.1
  alpha: weightOfNll(1), // TRL: 1
});

export const cpo: Objective<(typeof options)["shape"], never> = {
  name: "cpo",
  label: "CPO",
  source: "Xu et al. 2024, as TRL",
  options,
  needs: () => [],
  losses({ chosen, rejected }, { beta, alpha }) {
    const chosenRewards = chosen.logps.mul(beta);
    const rejectedRewards = rejected.logps.mul(beta);
    const contrast = chosenRewards.sub(rejectedRewards).negLogSigmoid();
    return { losses: contrast.add(negativeLogps(chosen).mul(alpha)), chosenRewards, rejectedRewards };
  },
};
