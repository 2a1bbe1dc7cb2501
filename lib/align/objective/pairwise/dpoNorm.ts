/** DPO by means over tokens: -log sigmoid(beta (d_w / n_w - d_l / n_l)). TRL's `sigmoid_norm`. */
import { z } from "zod";
import type { Objective } from "../objective";
import { beta } from "../options";

const options = z.object({ beta: beta(0.1) });

export const dpoNorm: Objective<(typeof options)["shape"], "logratio"> = {
  name: "dpo-norm",
  label: "DPO (token mean)",
  source: "TRL's sigmoid_norm; where both sides have n tokens it is DPO with beta / n",
  options,
  needs: () => ["logratio"],
  losses({ chosen, rejected }, { beta }) {
    const chosenRewards = chosen.logratio.div(chosen.tokens).mul(beta);
    const rejectedRewards = rejected.logratio.div(rejected.tokens).mul(beta);
    return { losses: chosenRewards.sub(rejectedRewards).negLogSigmoid(), chosenRewards, rejectedRewards };
  },
};
