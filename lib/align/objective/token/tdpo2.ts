/**
 * TDPO2: -log sigmoid(beta (d_w - d_l - alpha (K_l - sg K_w))), K = KL(reference || policy) summed over the tokens that
 * count, that of the chosen side a constant. Costs what TDPO1 does. With alpha = 0 it is DPO.
 */
import { z } from "zod";
import type { Objective } from "../objective";
import { beta } from "../options";
import { divergentRewards } from "./tdpo";

const options = z.object({
  beta: beta(0.1),
  alpha: z.number().nonnegative().default(0.5).describe("weight of the KL divergence"), // official code: 0.5
});

export const tdpo2: Objective<(typeof options)["shape"], "logratio" | "forwardKl"> = {
  name: "tdpo2",
  label: "TDPO2",
  source: "Zeng et al. 2024, as its official code",
  options,
  needs: () => ["logratio", "forwardKl"],
  losses(pair, { beta, alpha }) {
    const { chosen, rejected } = pair;
    const divergence = rejected.forwardKl.sub(chosen.forwardKl.frozen()).mul(alpha);
    const margin = chosen.logratio.sub(rejected.logratio).sub(divergence);
    return { losses: margin.mul(beta).negLogSigmoid(), ...divergentRewards(pair, beta) };
  },
};
