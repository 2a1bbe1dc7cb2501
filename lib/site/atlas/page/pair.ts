/** What the pair of best and worst teaches: each mask drawn, and how far policies moved each token. */
import type { MaskKind, Side } from "../../../preference/mask";
import type { Heat, PairSide, PolicyName } from "../protocol";
import { policyLabels } from "./answers";
import { byId, choices, element, percent } from "../../../show/browser/dom";
import { heatScale, tokenText } from "./texts";

export const maskLabels: Readonly<Record<MaskKind, string>> = {
  paper: "Mask-DPO",
  none: "DPO (no mask)",
  inverted: "inverted",
  random: "random",
};
export const sides = ["chosen", "rejected"] as const;

export class PairPanel {
  private pair: Record<Side, PairSide> | undefined;
  private mask: MaskKind = "paper";
  private readonly heats = new Map<PolicyName, Heat>();
  private heated: PolicyName = "aligned";

  constructor() {
    byId("mask-choice").append(
      choices("Mask", maskLabels, this.mask, (mask) => {
        this.mask = mask;
        this.drawMask();
      }),
    );
  }

  show(pair: Record<Side, PairSide> | undefined, why: string): void {
    this.pair = pair;
    this.heats.clear();
    this.drawMask(why);
    byId("heat").replaceChildren();
    byId("heat-choice").replaceChildren();
  }

  /** Log-ratios of a policy and the base on this pair. */
  showHeat(policy: PolicyName, heat: Heat): void {
    this.heats.set(policy, heat);
    this.heated = policy;
    const names = [...this.heats.keys()];
    const labels = Object.fromEntries(names.map((name) => [name, policyLabels[name]])) as Record<PolicyName, string>;
    const pick = (name: PolicyName): void => {
      this.heated = name;
      this.drawHeat();
    };
    byId("heat-choice").replaceChildren(...(names.length > 1 ? [choices("Policy", labels, policy, pick)] : []));
    this.drawHeat();
  }

  private drawMask(why = ""): void {
    const { pair, mask } = this;
    if (!pair) {
      byId("pair").replaceChildren(element("p", "soft", why ? `No pair: ${why}. Try another seed or city.` : ""));
      return;
    }
    byId("pair").replaceChildren(
      ...sides.map((side) => {
        const { tokens, score } = pair[side];
        const kept = tokens.filter((token) => token.kept[mask]).length;
        const text = tokenText(pair[side], (i) => {
          const keeps = tokens[i]!.kept[mask];
          return { struck: !keeps, note: keeps ? "learnt from" : "masked" };
        });
        const head = `${side === "chosen" ? "Chosen: make likelier" : "Rejected: make less likely"}`;
        const note = `score ${percent(score)}; ${kept} of ${tokens.length} tokens are learnt from`;
        return element("section", "side", [element("h3", "", head), element("p", "score", note), text]);
      }),
    );
  }

  private drawHeat(): void {
    const heat = this.heats.get(this.heated);
    const { pair } = this;
    if (!heat || !pair) return;
    const most = Math.max(...sides.flatMap((side) => heat[side].map(Math.abs)), 1e-9);
    const texts = sides.map((side) => {
      const text = tokenText(pair[side], (i) => ({
        struck: !pair[side].tokens[i]!.kept.paper,
        heat: heat[side][i]! / most,
        note: `${heat[side][i]!.toFixed(2)} nats`,
      }));
      return element("section", "side", [element("h3", "", side === "chosen" ? "Chosen" : "Rejected"), text]);
    });
    byId("heat").replaceChildren(heatScale(most, `${policyLabels[this.heated]} against base, nats`), ...texts);
  }
}
