/**
 * BCO on pairs: S(beta d_w) + S(-beta d_l) with S = -log sigmoid. TRL's `bco_pair`, which has no running mean of
 * rewards to shift both by, as BCO has.
 */
import { z } from "zod";
import type { Objective } from "../objective";
import { beta, rewards } from "../options";

const options = z.object({ beta: beta(0.1) });

export const bcoPair: Objective<(typeof options)["shape"], "logratio"> = {
  name: "bco-pair",
  label: "BCO (pairs)",
  source: "Jung et al. 2024, as TRL, without the paper's reward shift",
  options,
  needs: () => ["logratio"],
  losses(pair, { beta }) {
    const both = rewards(pair, beta);
    return { losses: both.chosenRewards.negLogSigmoid().add(both.rejectedRewards.mul(-1).negLogSigmoid()), ...both };
  },
};
