/**
 * IPO by means over tokens, as TRL has it: (d_w / n_w - d_l / n_l - 1 / (2 tau))^2. The paper's own form takes sums.
 */
import { z } from "zod";
import type { Referring } from "./objective";

const options = z.object({
  tau: z.number().positive().default(0.1).describe("strength of the reference: the margin aimed at is 1 / (2 tau)"),
});

export const ipo: Referring<(typeof options)["shape"]> = {
  name: "ipo",
  label: "IPO (token mean)",
  source: "Azar et al. 2023, Eq. 17; deviates from it: means over tokens instead of sums, as TRL",
  options,
  reference: true,
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
