/**
 * ORPO: -a_w + lambda S(log odds(a_w) - log odds(a_l)) with S = -log sigmoid, a = p / n and log odds(a) = a - log(1 -
 * e^a), without a reference. Not verified: the paper's lambda. TRL's first term includes the prompt, here it is the
 * completion alone.
 */
import { z } from "zod";
import type { Objective } from "../objective";
import { meanRewards } from "../options";

const options = z.object({
  lambda: z.number().nonnegative().default(0.1).describe("weight of the odds ratio"), // TRL: 0.1, official code: 1
});

export const orpo: Objective<(typeof options)["shape"], never> = {
  name: "orpo",
  label: "ORPO",
  source: "Hong et al. 2024, Eq. 6-7; default of TRL",
  options,
  needs: () => [],
  losses(pair, { lambda }) {
    const { chosenRewards: chosen, rejectedRewards: rejected } = meanRewards(pair, 1);
    const odds = chosen.sub(chosen.log1mexp()).sub(rejected.sub(rejected.log1mexp()));
    return {
      losses: odds.negLogSigmoid().mul(lambda).sub(chosen),
      chosenRewards: chosen.mul(lambda),
      rejectedRewards: rejected.mul(lambda),
    };
  },
};
