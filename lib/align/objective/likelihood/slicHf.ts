/**
 * SLiC-HF: max(0, delta - p_w + p_l) - lambda p_w / n_w, without a reference: a margin of delta in sums of
 * log-probabilities, and the chosen side kept likely. Not verified: the closed form as cited; HALOs' trainer fails as
 * published.
 */
import { z } from "zod";
import type { Objective } from "../objective";
import { negativeLogps, weightOfNll } from "../options";

const options = z.object({
  delta: z.number().nonnegative().default(1).describe("margin aimed at, in nats"), // HALOs: 1
  lambda: weightOfNll(0.1), // HALOs: 0.1
});

export const slicHf: Objective<(typeof options)["shape"], never> = {
  name: "slic-hf",
  label: "SLiC-HF",
  source: "after Zhao et al. 2023; closed form, defaults of HALOs; not verified against the paper",
  options,
  needs: () => [],
  losses({ chosen, rejected }, { delta, lambda }) {
    const calibration = rejected.logps.sub(chosen.logps).add(delta).relu();
    return {
      losses: calibration.add(negativeLogps(chosen).mul(lambda)),
      chosenRewards: chosen.logps,
      rejectedRewards: rejected.logps,
    };
  },
};
