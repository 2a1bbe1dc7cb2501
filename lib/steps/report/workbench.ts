/** From a report to its pairs, token by token: the page of `mask-dpo inspect`, or the command that makes it. */
import { existsSync } from "node:fs";
import path from "node:path";
import type { Onward } from "../../show/document";
import type { ReportRequest } from "./inputs";
import type { Training } from "./training";

/** @returns none without pairs */
export function workbench(
  { pairs, out }: Pick<ReportRequest, "pairs"> & { out: string },
  trained: readonly Training[],
): Onward[] {
  if (pairs === undefined) return [];
  const page = pairs.replace(/(\.jsonl)?$/, ".html");
  if (existsSync(page)) {
    const href = path.relative(out, page).split(path.sep).map(encodeURIComponent).join("/");
    return [{ text: `Every token of the pairs: ${path.basename(page)}`, href }];
  }
  const config = trained.find((training) => training.config)?.config;
  const model = config === undefined ? "<the model's folder>" : path.dirname(config);
  const command = `node lib/cli/mask-dpo.mjs inspect --pairs ${pairs} --model ${model} --out ${page}`;
  return [{ text: "Every token of the pairs, with the mask drawn, is made into a page by:", command }];
}
