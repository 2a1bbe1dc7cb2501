/** IPO by sums over tokens: (d_w - d_l - 1 / (2 tau))^2. */
import { z } from "zod";
import type { Objective } from "../objective";
import { rewards, tau } from "../options";

const options = z.object({ tau: tau() });

export const ipoSum: Objective<(typeof options)["shape"], "logratio"> = {
  name: "ipo-sum",
  label: "IPO (sum)",
  source: "Azar et al. 2023, Eq. 17, as in the DPO authors' code",
  options,
  needs: () => ["logratio"],
  losses(pair, { tau }) {
    const margin = pair.chosen.logratio.sub(pair.rejected.logratio);
    return { losses: margin.sub(1 / (2 * tau)).square(), ...rewards(pair, tau) };
  },
};
