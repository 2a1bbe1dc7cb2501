/**
 * SPPO with hard labels: (d_w - 1 / (2 beta))^2 + (d_l + 1 / (2 beta))^2, for a chosen side that wins with probability
 * 1. TRL's `sppo_hard`.
 */
import { z } from "zod";
import type { Objective } from "../objective";
import { positiveBeta, rewards } from "../options";

const options = z.object({ beta: positiveBeta(0.1) });

export const sppoHard: Objective<(typeof options)["shape"], "logratio"> = {
  name: "sppo-hard",
  label: "SPPO (hard)",
  source: "Wu et al. 2024, Eq. 4.7 with probabilities 1 and 0, as TRL",
  options,
  needs: () => ["logratio"],
  losses(pair, { beta }) {
    const aim = 1 / (2 * beta);
    const losses = pair.chosen.logratio.sub(aim).square().add(pair.rejected.logratio.add(aim).square());
    return { losses, ...rewards(pair, beta) };
  },
};
