/** SimPO: -log sigmoid(beta (p_w / n_w - p_l / n_l - gamma / beta)), without a reference. */
import { z } from "zod";
import type { ReferenceFree } from "./objective";

const options = z.object({
  beta: z.number().positive().default(2).describe("scale of the mean log-probabilities"), // official code: 2
  gammaRatio: z.number().nonnegative().default(0.25).describe("margin aimed at, in units of beta"), // official: 0.25
});

export const simpo: ReferenceFree<(typeof options)["shape"]> = {
  name: "simpo",
  label: "SimPO",
  source: "Meng et al. 2024, Eq. 6",
  options,
  reference: false,
  losses({ chosen, rejected }, { beta, gammaRatio }) {
    const chosenRewards = chosen.logps.div(chosen.tokens).mul(beta);
    const rejectedRewards = rejected.logps.div(rejected.tokens).mul(beta);
    const margin = chosenRewards.sub(rejectedRewards).sub(beta * gammaRatio);
    return { losses: margin.negLogSigmoid(), chosenRewards, rejectedRewards };
  },
};
