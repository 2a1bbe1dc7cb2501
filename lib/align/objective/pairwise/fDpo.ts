/**
 * F-DPO: -log sigmoid(beta (d_w - d_l - lambda (h_l - h_w))) with labels h of sides, 1 for a hallucination: a factual
 * side has to lead a hallucinated one by lambda more. A pair of labels (1, 0) is turned round first, so that the side
 * without hallucination is the preferred one; masks stay with the sides they were made for. In training a side's label
 * is 1 where any of its sentences is a hallucination: its authors have one judgement of the whole response.
 */
import { z } from "zod";
import type { Objective } from "../objective";
import { beta, rewards } from "../options";

const options = z.object({
  beta: beta(0.1),
  lambda: z.number().nonnegative().default(10).describe("margin of a factual side, in nats"), // official grid: 0 to 100
});

export const fDpo: Objective<(typeof options)["shape"], "logratio" | "label"> = {
  name: "f-dpo",
  label: "F-DPO",
  source: "as in the official code of Factual Preference Alignment (VectorInstitute, 2026)",
  options,
  needs: () => ["logratio", "label"],
  losses(pair, { beta, lambda }) {
    const { chosen, rejected } = pair;
    const difference = rejected.label.sub(chosen.label); // 1, 0, or -1: then the pair is turned round
    const turned = difference.mul(-1).relu();
    const margin = chosen.logratio.sub(rejected.logratio).mul(turned.mul(-2).add(1));
    return { losses: margin.sub(difference.square().mul(lambda)).mul(beta).negLogSigmoid(), ...rewards(pair, beta) };
  },
};
