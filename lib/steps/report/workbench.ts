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
  const known = trained.find((training) => training.config);
  const folder = known && path.dirname(known.config!);
  // an adapter's config is its model's; beside all weights that were trained the model they began as is not known
  const isOwn = known !== undefined && folder === known.file;
  const model = folder === undefined || isOwn ? "<the model's folder>" : folder;
  const policy = isOwn ? ` --policy ${known.file}` : "";
  const command = `node lib/cli/mask-dpo.mjs inspect --pairs ${pairs} --model "${model}"${policy} --out ${page}`;
  return [{ text: "Every token of the pairs, with the mask drawn, is made into a page by:", command }];
}
