/**
 * EXO on pairs: the KL divergence of (q, 1 - q), q = sigmoid(beta (d_w - d_l)), from (1 - e, e). Least at q = 1 - e.
 * TRL's `exo_pair`.
 */
import { z } from "zod";
import type { Objective } from "../objective";
import { beta, rewards } from "../options";

const options = z.object({
  beta: beta(0.1),
  labelSmoothing: z
    .number()
    .positive()
    .lt(0.5)
    .default(1e-3)
    .describe("share of the pairs taken to be the wrong way round"),
});

export const exo: Objective<(typeof options)["shape"], "logratio"> = {
  name: "exo",
  label: "EXO (pairs)",
  source: "Ji et al. 2024, Eq. 16, as TRL",
  options,
  needs: () => ["logratio"],
  losses(pair, { beta, labelSmoothing }) {
    const both = rewards(pair, beta);
    const margin = both.chosenRewards.sub(both.rejectedRewards);
    const other = margin.mul(-1);
    // q (log q - log(1 - e)) + (1 - q) (log(1 - q) - log e)
    const right = margin.sigmoid().mul(margin.negLogSigmoid().add(Math.log1p(-labelSmoothing)));
    const wrong = other.sigmoid().mul(other.negLogSigmoid().add(Math.log(labelSmoothing)));
    return { losses: right.add(wrong).mul(-1), ...both };
  },
};
