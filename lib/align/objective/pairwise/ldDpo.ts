/**
 * LD-DPO: DPO in which of each side only the first min(n_w, n_l) unmasked tokens count fully, those behind them alpha
 * times. TRL's `sigmoid` with `ld_alpha`. With alpha = 1, or sides of one length, it is DPO.
 */
import { z } from "zod";
import type { Objective } from "../objective";
import { beta } from "../options";
import { dpo } from "./dpo";

const options = z.object({
  beta: beta(0.1),
  alpha: z.number().min(0).max(1).default(0.5).describe("weight of what a side has more than the other"),
});

export const ldDpo: Objective<(typeof options)["shape"], "logratio"> = {
  name: "ld-dpo",
  label: "LD-DPO",
  source: "Liu et al. 2024, as TRL",
  options,
  needs: () => ["logratio"],
  reweigh({ chosen, rejected }, { alpha }) {
    const count = (weights: readonly number[]) => weights.filter((weight) => weight > 0).length;
    const common = Math.min(count(chosen), count(rejected));
    const shortened = (weights: readonly number[]) => {
      let seen = 0;
      return weights.map((weight) => (weight > 0 && ++seen > common ? alpha * weight : weight));
    };
    return { chosen: shortened(chosen), rejected: shortened(rejected) };
  },
  losses: (pair, options, batch) => dpo.losses(pair, options, batch),
};
