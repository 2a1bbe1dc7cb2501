/**
 * WPO: DPO with a weight a pair, sg(W_w W_l), log W = mean over tokens that count of log p(token) - log sum p^2: how
 * likely the policy would be to write both sides itself, against what it is sure of. The weight is a constant, which
 * the policy's distributions give in the same step: it costs the logits once more. TRL's `use_weighting`, which can
 * weigh other losses, too.
 */
import { z } from "zod";
import type { Objective } from "../objective";
import { beta } from "../options";
import { dpo } from "../pairwise/dpo";

const options = z.object({ beta: beta(0.1) });

export const wpo: Objective<(typeof options)["shape"], "logratio" | "alignment"> = {
  name: "wpo",
  label: "WPO (DPO)",
  source: "Zhou et al. 2024, Eq. 2, as TRL",
  options,
  needs: () => ["logratio", "alignment"],
  losses(pair, options, batch) {
    const { losses, ...both } = dpo.losses(pair, options, batch);
    const weight = pair.chosen.alignment.add(pair.rejected.alignment).exp().frozen();
    return { losses: losses.mul(weight), ...both };
  },
};
