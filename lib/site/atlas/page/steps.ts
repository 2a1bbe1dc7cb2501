/** The slider: one pair's token probabilities from step to step, a row a mask. */
import { maskKinds, type MaskKind, type Side } from "../../../preference/mask";
import { isHallucination } from "../../../factuality/verdict";
import type { TokenTrack } from "../track";
import { byId, choices, element } from "../../../show/browser/dom";
import { maskLabels, sides } from "./pair";
import { heatScale, tokenText } from "./texts";

/** What a token's colour says. */
const views = { change: "change since step 0", probability: "probability" } as const;
/** Changes from so many nats on have the full colour. */
const most = 2;

export class StepsPanel {
  private view: keyof typeof views = "change";

  constructor(private readonly track: TokenTrack) {
    const slider = byId<HTMLInputElement>("step");
    slider.max = String(track.logps.paper.chosen.length - 1);
    slider.value = slider.max;
    slider.addEventListener("input", () => this.draw());
    byId("step-view").append(
      choices("Colour", views, this.view, (view) => {
        this.view = view;
        this.draw();
      }),
    );
    byId("step-question").textContent = track.question;
    this.draw();
  }

  private draw(): void {
    const step = Number(byId<HTMLInputElement>("step").value);
    byId("step-now").textContent = `step ${step}`;
    byId("step").setAttribute("aria-valuetext", `step ${step}`);
    const scale =
      this.view === "change"
        ? heatScale(most, "log-probability against step 0, nats")
        : element("p", "scale", "the greener, the more probable");
    byId("steps").replaceChildren(scale, ...maskKinds.map((mask) => this.row(mask, step)));
  }

  private row(mask: MaskKind, step: number): HTMLElement {
    const texts = sides.map((side) =>
      element("div", "side", [element("h4", "", side), this.text(mask, side, step), this.summary(mask, side, step)]),
    );
    return element("section", "mask-row", [element("h3", "", maskLabels[mask]), element("div", "pair", texts)]);
  }

  private logps(mask: MaskKind, side: Side, step: number): number[] {
    const all = this.track.logps[mask][side];
    return all[Math.min(step, all.length - 1)]!;
  }

  private text(mask: MaskKind, side: Side, step: number): HTMLElement {
    const pair = this.track.sides[side];
    const [now, first] = [this.logps(mask, side, step), this.logps(mask, side, 0)];
    return tokenText(pair, (i) => {
      const probability = Math.exp(now[i]!);
      const heat = this.view === "change" ? (now[i]! - first[i]!) / most : probability;
      return { struck: !pair.tokens[i]!.kept[mask], heat, note: `probability ${probability.toFixed(3)}` };
    });
  }

  /** Geometric means: those of right and wrong sentences apart. */
  private summary(mask: MaskKind, side: Side, step: number): HTMLElement {
    const { tokens, sentences } = this.track.sides[side];
    const mean = (wrong: boolean, at: number): string => {
      const logps = this.logps(mask, side, at).filter((_, i) => {
        const verdict = sentences[tokens[i]!.sentence]?.verdict;
        return verdict && isHallucination(verdict) === wrong;
      });
      return Math.exp(logps.reduce((sum, logp) => sum + logp, 0) / Math.max(1, logps.length)).toFixed(2);
    };
    const line = (wrong: boolean): string =>
      `${wrong ? "wrong" : "right"}: ${mean(wrong, 0)} at first, now ${mean(wrong, step)}`;
    return element("p", "score", `probability of a token in sentences that are ${line(false)}; ${line(true)}`);
  }
}
