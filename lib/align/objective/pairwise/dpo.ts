/** DPO, and with a mask in its sums Mask-DPO: -log sigmoid(beta (d_w - d_l)), d summed over unmasked tokens. */
import { z } from "zod";
import type { Objective } from "../objective";
import { beta, rewards } from "../options";

const options = z.object({ beta: beta(0.1) }); // paper: not stated; code: 0.1

export const dpo: Objective<(typeof options)["shape"], "logratio"> = {
  name: "dpo",
  label: "DPO",
  source: "Rafailov et al. 2023, Eq. 7; with the paper's mask Mask-DPO (Eq. 6)",
  options,
  needs: () => ["logratio"],
  losses(pair, { beta }) {
    const { chosenRewards, rejectedRewards } = rewards(pair, beta);
    return { losses: chosenRewards.sub(rejectedRewards).negLogSigmoid(), chosenRewards, rejectedRewards };
  },
};
