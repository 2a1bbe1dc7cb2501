/**
 * APO-down: sigmoid(beta d_w) + 1 - sigmoid(beta (d_w - d_l)): both down, rejected more, for a policy that is better
 * than its chosen sides. TRL's `apo_down`.
 */
import { z } from "zod";
import type { Objective } from "../objective";
import { beta, rewards } from "../options";

const options = z.object({ beta: beta(0.1) });

export const apoDown: Objective<(typeof options)["shape"], "logratio"> = {
  name: "apo-down",
  label: "APO-down",
  source: "D'Oosterlinck et al. 2024, Eq. 8, as TRL",
  options,
  needs: () => ["logratio"],
  losses(pair, { beta }) {
    const both = rewards(pair, beta);
    const apart = both.rejectedRewards.sub(both.chosenRewards).sigmoid();
    return { losses: both.chosenRewards.sigmoid().add(apart), ...both };
  },
};
