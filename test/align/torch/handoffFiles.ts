/** The rows of a hand-off. */
import { readFileSync } from "node:fs";
import path from "node:path";
import { rowsOf } from "../../cli/process";

interface TokenRow {
  questionId: string;
  chosen: { ids: number[]; mask: number[] };
  rejected: { ids: number[]; mask: number[] };
}
interface StepRow {
  step: number;
  lr: number;
  pairs: number[];
}
export const filesOf = (out: string) => ({
  tokens: rowsOf<TokenRow>(path.join(out, "tokens.jsonl")),
  steps: rowsOf<StepRow>(path.join(out, "steps.jsonl")),
  recipe: JSON.parse(readFileSync(path.join(out, "recipe.json"), "utf8")) as Record<string, unknown>,
});
