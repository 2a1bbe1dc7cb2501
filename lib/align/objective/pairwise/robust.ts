/**
 * Robust DPO: ((1 - e) S(h) - e S(-h)) / (1 - 2 e) with S = -log sigmoid, h = beta (d_w - d_l): over pairs of which the
 * share e is the wrong way round its mean is that of DPO over the right ones. It can be negative. TRL's `robust`.
 */
import { z } from "zod";
import type { Objective } from "../objective";
import { beta, labelSmoothing, rewards } from "../options";

const options = z.object({ beta: beta(0.1), labelSmoothing: labelSmoothing(0.1) }); // TRL's documentation: 0.1

export const robust: Objective<(typeof options)["shape"], "logratio"> = {
  name: "robust",
  label: "robust DPO",
  source: "Ray Chowdhury et al. 2024, as TRL",
  options,
  needs: () => ["logratio"],
  losses(pair, { beta, labelSmoothing }) {
    const both = rewards(pair, beta);
    const margin = both.chosenRewards.sub(both.rejectedRewards);
    const right = margin.negLogSigmoid().mul(1 - labelSmoothing);
    const wrong = margin.mul(-1).negLogSigmoid().mul(labelSmoothing);
    return { losses: right.sub(wrong).div(1 - 2 * labelSmoothing), ...both };
  },
};
