/**
 * Conservative DPO: (1 - e) S(h) + e S(-h) with S = -log sigmoid, h = beta (d_w - d_l). With e = 0 it is DPO; else it
 * is least at h = log((1 - e) / e). TRL from 0.29 on ignores `label_smoothing` in its `sigmoid` loss and so trains DPO.
 */
import { z } from "zod";
import type { Objective } from "../objective";
import { beta, labelSmoothing, rewards } from "../options";

const options = z.object({ beta: beta(0.1), labelSmoothing: labelSmoothing(0.2) }); // HALOs: 0.2

export const cdpo: Objective<(typeof options)["shape"], "logratio"> = {
  name: "cdpo",
  label: "cDPO",
  source: "Mitchell 2023, a note on DPO with noisy preferences; default of HALOs",
  options,
  needs: () => ["logratio"],
  losses(pair, { beta, labelSmoothing }) {
    const both = rewards(pair, beta);
    const margin = both.chosenRewards.sub(both.rejectedRewards);
    const right = margin.negLogSigmoid().mul(1 - labelSmoothing);
    return { losses: right.add(margin.mul(-1).negLogSigmoid().mul(labelSmoothing)), ...both };
  },
};
