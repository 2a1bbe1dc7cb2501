/**
 * TIS-DPO: -log sigmoid(beta (d_w - d_l - alpha (K_w - K_l))), d and K = KL(policy || reference) weighted token by
 * token. The weights are those of the pairs: with a mask's it is Mask-DPO. The official code has the term of K off
 * unless asked for (then alpha 0.5), gives the closing token no weight, and maps the rank of a token's score in its
 * response to 0.7 to 1.3. Not verified: the paper's own weights.
 * With alpha above 0 the reference computes its distributions in the same step: it costs its forward pass, its weights,
 * and twice the logits.
 */
import { z } from "zod";
import type { Objective } from "../objective";
import { beta, rewards } from "../options";

const options = z.object({
  beta: beta(0.1),
  alpha: z.number().nonnegative().default(0).describe("weight of the KL divergence"), // official code: off, or 0.5
});

export const tisDpo: Objective<(typeof options)["shape"], "logratio" | "reverseKl"> = {
  name: "tis-dpo",
  label: "TIS-DPO",
  source: "Liu et al. 2024, as its official code; the paper's weights not verified",
  options,
  needs: ({ alpha }) => (alpha > 0 ? ["logratio", "reverseKl"] : ["logratio"]),
  losses(pair, { beta, alpha }) {
    const { chosen, rejected } = pair;
    const both = rewards(pair, beta);
    const margin = both.chosenRewards.sub(both.rejectedRewards);
    if (alpha === 0) return { losses: margin.negLogSigmoid(), ...both };
    const divergence = chosen.reverseKl.sub(rejected.reverseKl).mul(alpha * beta);
    return { losses: margin.sub(divergence).negLogSigmoid(), ...both };
  },
};
