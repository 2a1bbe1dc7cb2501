/** DPO plus alpha times the negative log-probability of the chosen side a token, which RPO and others add. */
import { z } from "zod";
import type { Objective } from "../objective";
import { beta, negativeLogps, weightOfNll } from "../options";
import { dpo } from "../pairwise/dpo";

const options = z.object({ beta: beta(0.1), alpha: weightOfNll(1) }); // TRL: sigmoid + sft, weights 1 and 1

export const dpoSft: Objective<(typeof options)["shape"], "logratio"> = {
  name: "dpo-sft",
  label: "DPO + SFT",
  source: "TRL's sigmoid and sft, the latter a mean over pairs; one of two remedies of 3D-Properties (not verified)",
  options,
  needs: () => ["logratio"],
  losses(pair, options, batch) {
    const { losses, ...both } = dpo.losses(pair, options, batch);
    return { losses: losses.add(negativeLogps(pair.chosen).mul(options.alpha)), ...both };
  },
};
