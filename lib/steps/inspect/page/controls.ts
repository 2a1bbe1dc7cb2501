/** The switches and filters above the pairs: what they hold is the view. */
import { verdictSchema } from "../../../factuality/records";
import { maskKinds, sideNames, type MaskKind } from "../../../preference/mask";
import { byId, element } from "../../../show/browser/dom";
import { verdictLook } from "../../../show/palette";
import type { Content } from "../content";
import { offers } from "./objectives";
import type { Sort, View } from "./view";

const fields = ["text", "topic", "verdict", "side", "low", "high", "sort", "objective", "colour"] as const;

const sortLabels: Readonly<Record<Sort, string>> = {
  "": "order of the file",
  margin: "largest margin first",
  "-margin": "smallest margin first",
  mixing: "most mixed first",
  "-mixing": "least mixed first",
  length: "longest first",
  "-length": "shortest first",
  push: "strongest push first",
  "-push": "weakest push first",
};

const maskLabels: Readonly<Record<MaskKind, string>> = {
  paper: "paper (Mask-DPO)",
  none: "none (DPO)",
  inverted: "inverted",
  random: "random",
};

export class Controls {
  /** @param change is told what a reader changed */
  constructor(content: Content, change: (changes: Partial<View>) => void) {
    const { policies } = content;
    const option = (value: string, label: string): HTMLOptionElement => element("option", "", label, { value });
    const verdicts = verdictSchema.options.map((name) => option(name, verdictLook[name].label));
    byId("verdict").append(option("", "any"), ...verdicts, option("relabelled", "relabelled"));
    byId("side").append(option("", "either side"), ...sideNames.map((name) => option(name, name)));
    const possible = (Object.entries(sortLabels) as [Sort, string][]).filter(
      ([name]) => policies || !name.endsWith("push"),
    );
    byId("sort").append(...possible.map(([name, label]) => option(name, label)));
    for (const kind of maskKinds) {
      const radio = element("input", "", [], { type: "radio", name: "mask", value: kind });
      radio.addEventListener("change", () => change({ mask: kind }));
      byId("mask").append(element("label", "", [radio, maskLabels[kind]]));
    }
    byId("push-tools").hidden = !policies;
    byId("objective").append(
      ...offers.map(({ choice, label, missing }) => {
        const made = option(choice.name, missing ? `${label}: not here, ${missing}` : label);
        made.disabled = missing !== undefined;
        return made;
      }),
    );
    const names = [...new Set(content.pairs.map(({ name }) => name))].sort().slice(0, 3000);
    byId("topics").append(...names.map((name) => option(name, "")));
    for (const field of fields) {
      const input = byId<HTMLInputElement | HTMLSelectElement>(field);
      input.addEventListener("input", () => change({ [field]: input.value }));
    }
  }

  /** Brings them to where a link, or a step back, leads. */
  show(view: View): void {
    for (const field of fields) {
      const input = byId<HTMLInputElement | HTMLSelectElement>(field);
      if (input.value !== view[field]) input.value = view[field];
    }
    for (const radio of byId("mask").querySelectorAll("input")) radio.checked = radio.value === view.mask;
    byId("options").textContent = offers.find(({ choice }) => choice.name === view.objective)!.options;
    byId("legend").replaceChildren(...legend(view.colour));
  }
}

function legend(colour: View["colour"]): HTMLElement[] {
  const entry = (look: string, text: string): HTMLElement => element("span", `t ${look}`, text);
  const badge = (name: keyof typeof verdictLook): HTMLElement =>
    element("span", `badge ${name}`, [element("b", "", verdictLook[name].letter)]);
  const verdicts = verdictSchema.options.map((name) => {
    const { label } = verdictLook[name];
    return element("span", "", [badge(name), colour === "verdict" ? entry(`${name} kept`, label) : label]);
  });
  const unit = "push: what the pair's loss falls by per nat of a token's log-probability (minus the gradient)";
  const kept =
    colour === "verdict"
      ? [entry("none kept", "underlined: kept, trained on")]
      : [
          entry("up kept strong", "solid line: pushed up"),
          entry("down kept strong", "dotted line: pushed down"),
          element("span", "", unit),
        ];
  const rest = [entry("none masked", "hatched and struck: masked"), element("span", "", "·: a token without text")];
  return [...verdicts, ...kept, ...rest];
}
