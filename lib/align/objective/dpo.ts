/** DPO, and with a mask in its sums Mask-DPO: -log sigmoid(beta (d_w - d_l)), d summed over unmasked tokens. */
import { z } from "zod";
import type { Referring } from "./objective";

const options = z.object({
  beta: z.number().nonnegative().default(0.1).describe("weight of the reference"), // paper: not stated; code: 0.1
});

export const dpo: Referring<(typeof options)["shape"]> = {
  name: "dpo",
  label: "DPO",
  source: "Rafailov et al. 2023, Eq. 7; with the paper's mask Mask-DPO (Eq. 6)",
  options,
  reference: true,
  losses({ chosen, rejected }, { beta }) {
    const chosenRewards = chosen.logratio.mul(beta);
    const rejectedRewards = rejected.logratio.mul(beta);
    return { losses: chosenRewards.sub(rejectedRewards).negLogSigmoid(), chosenRewards, rejectedRewards };
  },
};
