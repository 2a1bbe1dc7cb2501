/** What a reader looks at: it stands in the page's address, so that a link leads there. */
import { verdictSchema, type Verdict } from "../../../factuality/records";
import { maskKinds, sideNames, type MaskKind, type Side } from "../../../preference/mask";
import type { Content } from "../content";

/** `-` before one turns its order round; "" is the file's. */
export const sorts = ["", "margin", "-margin", "mixing", "-mixing", "length", "-length", "push", "-push"] as const;
export type Sort = (typeof sorts)[number];
const verdictFilters = ["", ...verdictSchema.options, "relabelled"] as const;
const colours = ["verdict", "push"] as const;

export interface View {
  text: string;
  topic: string;
  verdict: "" | Verdict | "relabelled";
  side: "" | Side;
  /** least and most margin in points, as typed */
  low: string;
  high: string;
  sort: Sort;
  mask: MaskKind;
  objective: string;
  colour: (typeof colours)[number];
  /** index in the file; none is the first that is shown */
  pair?: number;
}

/** How a page begins. */
export function firstView({ mask, policies }: Pick<Content, "mask" | "policies">): View {
  const colour = policies ? "push" : "verdict";
  return { text: "", topic: "", verdict: "", side: "", low: "", high: "", sort: "", mask, objective: "dpo", colour };
}

/** What a value may be; without an entry any text. */
type Allowed = Partial<Record<keyof View, readonly string[]>>;
const allowed: Allowed = {
  verdict: verdictFilters,
  side: ["", ...sideNames],
  sort: sorts,
  mask: maskKinds,
  colour: colours,
};

/** What differs from `preset`, behind "#". */
export function hashOfView(view: View, preset: View): string {
  const keys = (Object.keys(preset) as (keyof View)[]).filter((key) => key !== "pair" && view[key] !== preset[key]);
  const entries = keys.map((key) => [key, String(view[key])]);
  if (view.pair !== undefined) entries.push(["pair", String(view.pair + 1)]);
  return new URLSearchParams(entries).toString();
}

/** What is no part of a view, or no longer there, counts as not said. @param objectives those that can be chosen */
export function viewOfHash(hash: string, preset: View, objectives: readonly string[]): View {
  const said = [...new URLSearchParams(hash.replace(/^#/, ""))].filter(([key, value]) => {
    if (!(key in preset) || key === "pair") return false;
    const values = key === "objective" ? objectives : allowed[key as keyof View];
    return !values || values.includes(value);
  });
  const number = Number(new URLSearchParams(hash.replace(/^#/, "")).get("pair"));
  const pair = Number.isInteger(number) && number > 0 ? number - 1 : undefined;
  return { ...preset, ...(Object.fromEntries(said) as Partial<View>), pair };
}
