/** `mask-dpo export`: preference pairs as files of other projects, or as the hand-off to PyTorch. */
import path from "node:path";
import { existsSync } from "node:fs";
import { z } from "zod";
import { type HandoffRequest, writeHandoff } from "../align/torch/handoff";
import { writeFileAtomic } from "../base/files";
import { parseJson, parseRow, writeJsonl } from "../base/jsonl";
import { readText } from "../base/textFile";
import { axolotlConfig } from "../preference/formats/axolotl";
import { datasetInfo } from "../preference/formats/llamafactory";
import { type PairFormatName, pairFormats } from "../preference/formats/registry";
import { readRows } from "./rows";

export interface ExportRequest {
  to: PairFormatName;
  pairs: string;
  out: string;
}

export interface Exported {
  pairs: number;
  /** Pairs with a side that a limit cut: other trainers close it with an end token. */
  unfinished: number;
  /** Paths of what was written. */
  files: string[];
}

/** Writes the pairs into a folder. */
export function exportVerb({ to, pairs: file, out }: ExportRequest): Exported {
  const pairs = readRows("pair", file);
  const rows = pairs.map((pair) => pairFormats[to].write(pair));
  const unfinished = pairs.filter((pair) => [pair.chosen, pair.rejected].some(({ finished }) => finished === false));
  const counts = { pairs: pairs.length, unfinished: unfinished.length };
  const at = (name: string) => path.join(out, name);
  if (to === "llamafactory") {
    const data = at("mask_dpo.json");
    const info = at("dataset_info.json");
    // the folder may be LLaMA-Factory's own
    const others = existsSync(info) ? parseRow(z.record(z.unknown()), parseJson(readText(info), info), info) : {};
    writeFileAtomic(data, `[\n${rows.map((row) => JSON.stringify(row)).join(",\n")}\n]\n`);
    writeFileAtomic(info, `${JSON.stringify({ ...others, mask_dpo: datasetInfo("mask_dpo.json") }, null, 2)}\n`);
    return { ...counts, files: [data, info] };
  }
  const data = at(`${to}.jsonl`);
  writeJsonl(data, rows);
  if (to !== "axolotl") return { ...counts, files: [data] };
  const config = at("axolotl-dataset.yml");
  writeFileAtomic(config, axolotlConfig(data));
  return { ...counts, files: [data, config] };
}

/** The hand-off to PyTorch (`align/torch/handoff.ts`). */
export function exportTorchVerb({
  pairs: file,
  ...request
}: Omit<HandoffRequest, "pairs"> & { pairs: string }): ReturnType<typeof writeHandoff> {
  return writeHandoff({ ...request, pairs: readRows("pair", file) });
}
