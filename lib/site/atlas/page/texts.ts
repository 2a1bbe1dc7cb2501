/** Answers and tokens as elements: verdicts by letter and colour, what a mask drops struck, numbers as heat. */
import type { Verdict } from "../../../factuality/records";
import { verdictLook } from "../../../show/palette";
import type { OracleSentence } from "../../../world/oracle";
import type { JudgedAnswer, PairSide } from "../protocol";
import { element } from "../../../show/browser/dom";

/** The verdict's letter; a screen reader says its words. */
export function badge(verdict: Verdict): HTMLElement {
  const { letter, label } = verdictLook[verdict];
  return element("b", `badge ${verdict}`, [
    element("span", "", letter, { "aria-hidden": "true" }),
    element("span", "hidden", `${label}: `),
  ]);
}

export function legend(): HTMLElement {
  const entries = (Object.keys(verdictLook) as Verdict[]).map((verdict) =>
    element("li", "", [badge(verdict), element("span", "", verdictLook[verdict].label, { "aria-hidden": "true" })]),
  );
  return element("ul", "legend", entries);
}

/** What would have been right, behind a sentence that is wrong. */
function truth({ verdict, trueValues }: OracleSentence): HTMLElement[] {
  if (verdict !== "contradictory") return [];
  const right = trueValues && trueValues.length > 0 ? trueValues.slice(0, 3).join(" or ") : "nothing of the kind";
  return [element("span", "truth", ` in truth ${right} `)];
}

export function judgedText({ completion, sentences }: JudgedAnswer): HTMLElement {
  const parts: (Node | string)[] = [];
  let at = 0;
  for (const sentence of sentences) {
    const { start, end, verdict } = sentence;
    const [first = "", ...words] = completion.slice(start, end).split(/(?= )/);
    const begin = element("span", "start", [badge(verdict), first]); // the badge stays with what it is about
    parts.push(completion.slice(at, start), element("span", `sentence ${verdict}`, [begin, ...words]));
    parts.push(...truth(sentence));
    at = end;
  }
  parts.push(completion.slice(at));
  return element("p", "answer", completion === "" ? "(an empty answer)" : parts);
}

/** How one token looks, beside what its sentence is. */
export interface TokenLook {
  struck: boolean;
  /** in [-1, 1]: orange to green */
  heat?: number;
  note: string;
}

/** The tokens of a side, with a badge before each sentence. */
export function tokenText(
  { tokens, sentences }: Pick<PairSide, "tokens" | "sentences">,
  lookOf: (index: number) => TokenLook,
  badges = true,
): HTMLElement {
  const parts: Node[] = [];
  let last = -1;
  tokens.forEach(({ text, sentence }, i) => {
    const verdict = sentences[sentence]?.verdict;
    if (badges && verdict && sentence !== last) parts.push(badge(verdict));
    last = sentence;
    const { struck, heat, note } = lookOf(i);
    const look = heat === undefined ? `token ${verdict ?? "none"}` : `token heat ${heat < 0 ? "less" : "more"}`;
    const token = element(struck ? "s" : "span", look, text === "" ? "·" : text, { title: note });
    if (heat !== undefined) token.style.setProperty("--heat", `${Math.round(70 * Math.min(1, Math.abs(heat)))}%`);
    parts.push(token);
  });
  return element("p", "tokens", parts);
}

/** Ends of the heat's scale. */
export function heatScale(most: number, unit: string): HTMLElement {
  const end = (value: number): HTMLElement => {
    const token = element("span", `token heat ${value < 0 ? "less" : "more"}`, ` ${value.toFixed(2)} `);
    token.style.setProperty("--heat", value === 0 ? "0%" : "70%");
    return token;
  };
  return element("p", "scale", [`${unit}: `, end(-most), end(0), end(most)]);
}
