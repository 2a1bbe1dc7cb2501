/**
 * SFT on chosen sides: -p_w / n_w, a mean over tokens of each pair and then over pairs, where TRL takes one mean over
 * all tokens of a batch. Where there is a rejected side it is computed all the same: its log-probability is what one
 * looks at beside. Demonstrations have none; it then counts as 0.
 */
import { z } from "zod";
import type { Objective } from "../objective";
import { meanRewards } from "../options";

const options = z.object({});

export const sft: Objective<(typeof options)["shape"], never> = {
  name: "sft",
  label: "SFT",
  source: "negative log-probability of chosen sides, a token",
  options,
  oneSided: true,
  needs: () => [],
  losses(pair) {
    const both = meanRewards(pair, 1);
    return { losses: both.chosenRewards.mul(-1), ...both };
  },
};
