/** Hinge: max(0, 1 - beta (d_w - d_l)). TRL's `hinge`, which is SLiC's calibration with a reference, as RSO has it. */
import { z } from "zod";
import type { Objective } from "../objective";
import { beta, rewards } from "../options";

const options = z.object({ beta: beta(0.1) });

export const hinge: Objective<(typeof options)["shape"], "logratio"> = {
  name: "hinge",
  label: "hinge",
  source: "Liu et al. 2024 (RSO), as TRL",
  options,
  needs: () => ["logratio"],
  losses(pair, { beta }) {
    const both = rewards(pair, beta);
    return { losses: both.rejectedRewards.sub(both.chosenRewards).add(1).relu(), ...both };
  },
};
