/** NCA on pairs: S(beta d_w) + (S(-beta d_w) + S(-beta d_l)) / 2 with S = -log sigmoid. TRL's `nca_pair`. */
import { z } from "zod";
import type { Objective } from "../objective";
import { beta, rewards } from "../options";

const options = z.object({ beta: beta(0.1) });

export const nca: Objective<(typeof options)["shape"], "logratio"> = {
  name: "nca",
  label: "NCA (pairs)",
  source: "Chen et al. 2024, as TRL",
  options,
  needs: () => ["logratio"],
  losses(pair, { beta }) {
    const both = rewards(pair, beta);
    const down = both.chosenRewards.mul(-1).negLogSigmoid().add(both.rejectedRewards.mul(-1).negLogSigmoid());
    return { losses: both.chosenRewards.negLogSigmoid().add(down.mul(0.5)), ...both };
  },
};
