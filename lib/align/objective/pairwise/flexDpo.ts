/**
 * Flex-DPO: -log sigmoid(beta_w d_w - beta_l d_l), with the rejected side held more loosely than the chosen. Not
 * verified: known from reviews and a figure; how the authors adapt the two is not said there.
 */
import { z } from "zod";
import type { Objective } from "../objective";

const weight = (preset: number, side: string) =>
  z.number().nonnegative().default(preset).describe(`weight of the reference on ${side} sides`);
const options = z.object({ betaChosen: weight(0.1, "chosen"), betaRejected: weight(0.08, "rejected") });

export const flexDpo: Objective<(typeof options)["shape"], "logratio"> = {
  name: "flex-dpo",
  label: "Flex-DPO",
  source: "after Yan et al. 2024 (3D-properties); formula and defaults not verified (secondary sources)",
  options,
  strength: ["betaChosen", "betaRejected"],
  needs: () => ["logratio"],
  losses({ chosen, rejected }, { betaChosen, betaRejected }) {
    const chosenRewards = chosen.logratio.mul(betaChosen);
    const rejectedRewards = rejected.logratio.mul(betaRejected);
    return { losses: chosenRewards.sub(rejectedRewards).negLogSigmoid(), chosenRewards, rejectedRewards };
  },
};
