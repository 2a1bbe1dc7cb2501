/**
 * IPO by means over tokens, as TRL has it: (d_w / n_w - d_l / n_l - 1 / (2 tau))^2. `ipo-sum` takes sums, as the paper.
 */
import { z } from "zod";
import type { Objective } from "../objective";
import { tau } from "../options";

const options = z.object({ tau: tau() });

export const ipo: Objective<(typeof options)["shape"], "logratio"> = {
  name: "ipo",
  label: "IPO (token mean)",
  source: "Azar et al. 2023, Eq. 17; deviates from it: means over tokens instead of sums, as TRL",
  options,
  needs: () => ["logratio"],
  losses({ chosen, rejected }, { tau }) {
    const chosenMean = chosen.logratio.div(chosen.tokens);
    const rejectedMean = rejected.logratio.div(rejected.tokens);
    return {
      losses: chosenMean
        .sub(rejectedMean)
        .sub(1 / (2 * tau))
        .square(),
      chosenRewards: chosenMean.mul(tau),
      rejectedRewards: rejectedMean.mul(tau),
    };
  },
};
