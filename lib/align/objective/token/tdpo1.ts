/**
 * TDPO1: -log sigmoid(beta (d_w - d_l - (K_l - K_w))), K = KL(reference || policy) summed over the tokens that count.
 * The reference computes its distributions in the same step: it costs its forward pass, its weights, and twice the
 * logits. The official repository's command for TDPO2 computes this, too, unless its configuration is changed.
 */
import { z } from "zod";
import type { Objective } from "../objective";
import { beta } from "../options";
import { divergentRewards } from "./tdpo";

const options = z.object({ beta: beta(0.1) });

export const tdpo1: Objective<(typeof options)["shape"], "logratio" | "forwardKl"> = {
  name: "tdpo1",
  label: "TDPO1",
  source: "Zeng et al. 2024, as its official code",
  options,
  needs: () => ["logratio", "forwardKl"],
  losses(pair, { beta }) {
    const { chosen, rejected } = pair;
    const divergence = rejected.forwardKl.sub(chosen.forwardKl);
    const margin = chosen.logratio.sub(rejected.logratio).sub(divergence);
    return { losses: margin.mul(beta).negLogSigmoid(), ...divergentRewards(pair, beta) };
  },
};
