/**
 * APO-zero: 1 - sigmoid(beta d_w) + sigmoid(beta d_l): chosen up, rejected down, for chosen sides that are better than
 * what the policy says itself. TRL's `apo_zero`.
 */
import { z } from "zod";
import type { Objective } from "../objective";
import { beta, rewards } from "../options";

const options = z.object({ beta: beta(0.1) });

export const apoZero: Objective<(typeof options)["shape"], "logratio"> = {
  name: "apo-zero",
  label: "APO-zero",
  source: "D'Oosterlinck et al. 2024, Eq. 7, as TRL",
  options,
  needs: () => ["logratio"],
  losses(pair, { beta }) {
    const both = rewards(pair, beta);
    return { losses: both.chosenRewards.mul(-1).sigmoid().add(both.rejectedRewards.sigmoid()), ...both };
  },
};
