/** `mask-dpo export`: preference pairs as files of other projects, or as the hand-off to PyTorch. */
import path from "node:path";
import { existsSync } from "node:fs";
import { z } from "zod";
import { type HandoffRequest, writeHandoff } from "../align/torch/handoff";
import { writeFileAtomic } from "../base/files";
import { writeFilesInto } from "../base/folders";
import { jsonLines, parseJson, parseRow } from "../base/jsonl";
import { refuseInputs } from "../base/outputs";
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

/**
 * Writes the pairs into a folder, beside what others keep there.
 * @throws UserError for an output that is an input, and where a file of another origin has its name
 */
export function exportVerb({ to, pairs: file, out }: ExportRequest): Exported {
  const pairs = readRows("pair", file);
  const rows = pairs.map((pair) => pairFormats[to].write(pair));
  const unfinished = pairs.filter((pair) => [pair.chosen, pair.rejected].some(({ finished }) => finished === false));
  const counts = { pairs: pairs.length, unfinished: unfinished.length };
  const data = to === "llamafactory" ? "mask_dpo.json" : `${to}.jsonl`;
  const config = "axolotl-dataset.yml";
  const info = path.join(out, "dataset_info.json");
  const files = new Map([
    [data, to === "llamafactory" ? `[\n${rows.map((row) => JSON.stringify(row)).join(",\n")}\n]\n` : jsonLines(rows)],
  ]);
  if (to === "axolotl") files.set(config, axolotlConfig(path.join(out, data)));
  const paths = [...files.keys()].map((name) => path.join(out, name));
  refuseInputs([...paths, ...(to === "llamafactory" ? [info] : [])], [file]);
  // the folder may be LLaMA-Factory's own
  const merges = to === "llamafactory" && existsSync(info);
  const others = merges ? parseRow(z.record(z.unknown()), parseJson(readText(info), info), info) : {};
  writeFilesInto(out, files);
  if (to !== "llamafactory") return { ...counts, files: paths };
  writeFileAtomic(info, `${JSON.stringify({ ...others, mask_dpo: datasetInfo(data) }, null, 2)}\n`);
  return { ...counts, files: [...paths, info] };
}

/** The hand-off to PyTorch (`align/torch/handoff.ts`). */
export function exportTorchVerb({
  pairs: file,
  ...request
}: Omit<HandoffRequest, "pairs"> & { pairs: string }): ReturnType<typeof writeHandoff> {
  return writeHandoff({ ...request, pairs: readRows("pair", file) });
}
