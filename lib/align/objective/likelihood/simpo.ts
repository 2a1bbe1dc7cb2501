/** SimPO: -log sigmoid(beta (p_w / n_w - p_l / n_l - gamma / beta)), without a reference. */
import { z } from "zod";
import type { Objective } from "../objective";
import { meanRewards } from "../options";

const options = z.object({
  beta: z.number().positive().default(2).describe("scale of the mean log-probabilities"), // official code: 2
  gammaRatio: z.number().nonnegative().default(0.25).describe("margin aimed at, in units of beta"), // official: 0.25
});

export const simpo: Objective<(typeof options)["shape"], never> = {
  name: "simpo",
  label: "SimPO",
  source: "Meng et al. 2024, Eq. 6",
  options,
  needs: () => [],
  losses(pair, { beta, gammaRatio }) {
    const both = meanRewards(pair, beta);
    const margin = both.chosenRewards.sub(both.rejectedRewards).sub(beta * gammaRatio);
    return { losses: margin.negLogSigmoid(), ...both };
  },
};
