/** What policies answer, side by side: the greedy answer, then K candidates with their scores. */
import type { JudgedAnswer, PairSide, PolicyName } from "../protocol";
import { byId, element, percent } from "../../../show/browser/dom";
import { judgedText } from "./texts";

export const policyLabels: Readonly<Record<PolicyName, string>> = {
  base: "Base",
  aligned: "Aligned (Mask-DPO)",
  yours: "Trained in this tab",
};

/** The columns of answers. */
export class AnswersPanel {
  private readonly columns = new Map<PolicyName, { greedy: HTMLElement; candidates: HTMLElement }>();

  clear(): void {
    byId("answers").replaceChildren();
    this.columns.clear();
  }

  show(policy: PolicyName, greedy: boolean, answers: readonly JudgedAnswer[]): void {
    const column = this.column(policy);
    if (greedy) column.greedy.replaceChildren(judgedText(answers[0]!), scoreLine(answers[0]!));
    else {
      const scores = answers.map(({ score = 0 }) => score);
      const mean = scores.reduce((sum, score) => sum + score, 0) / scores.length;
      const items = answers.map((answer) => element("li", "", [scoreLine(answer), judgedText(answer)]));
      column.candidates.replaceChildren(
        element("h4", "", `${answers.length} sampled candidates, mean score ${percent(mean)}`),
        element("ol", "candidates", items),
      );
    }
  }

  /** Marks the base's best and worst, which become a pair. */
  mark({ chosen, rejected }: Record<"chosen" | "rejected", PairSide>): void {
    const items = this.columns.get("base")?.candidates.querySelectorAll("li.candidate, ol.candidates > li") ?? [];
    const note = (index: number, look: string, text: string) => {
      items[index]?.classList.add(look);
      items[index]?.prepend(element("strong", "mark", text));
    };
    note(chosen.candidate, "best", "best: chosen");
    note(rejected.candidate, "worst", "worst: rejected");
  }

  private column(policy: PolicyName): { greedy: HTMLElement; candidates: HTMLElement } {
    const there = this.columns.get(policy);
    if (there) return there;
    const column = { greedy: element("div", "greedy"), candidates: element("div") };
    this.columns.set(policy, column);
    const parts = [element("h3", "", policyLabels[policy]), column.greedy, column.candidates];
    byId("answers").append(element("section", `column ${policy}`, parts, { "aria-label": policyLabels[policy] }));
    return column;
  }
}

function scoreLine({ score, sentences }: JudgedAnswer): HTMLElement {
  if (score === undefined) return element("p", "score", "no sentence, no score");
  const right = Math.round(score * sentences.length);
  return element(
    "p",
    "score",
    `score ${percent(score)}: ${right} of ${sentences.length} sentences without hallucination`,
  );
}
