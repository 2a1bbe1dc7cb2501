/**
 * DPO-positive: -log sigmoid(beta (d_w - d_l - lambda max(0, -d_w))): the margin is made smaller by what the chosen
 * side has lost. Not verified: formula and defaults come from secondary sources; the authors published no training
 * code.
 */
import { z } from "zod";
import type { Objective } from "../objective";
import { beta, rewards } from "../options";

const options = z.object({
  beta: beta(0.3), // as cited
  lambda: z.number().nonnegative().default(50).describe("weight of what the chosen side has lost"), // as cited
});

export const dpop: Objective<(typeof options)["shape"], "logratio"> = {
  name: "dpop",
  label: "DPO-positive",
  source: "after Pal et al. 2024; formula and defaults not verified (secondary sources)",
  options,
  needs: () => ["logratio"],
  losses(pair, { beta, lambda }) {
    const { chosen, rejected } = pair;
    const lost = chosen.logratio.mul(-1).relu();
    const margin = chosen.logratio.sub(rejected.logratio).sub(lost.mul(lambda));
    return { losses: margin.mul(beta).negLogSigmoid(), ...rewards(pair, beta) };
  },
};
