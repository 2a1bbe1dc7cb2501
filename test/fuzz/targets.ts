/** Everything that reads what a user gives it. */
import { copyFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { readTrainState, writeTrainState } from "../../lib/align/trainState";
import { readLog } from "../../lib/align/trainRecord";
import { checkFolder } from "../../lib/base/folders";
import { readJsonl, writeJsonl } from "../../lib/base/jsonl";
import { claimFolder } from "../../lib/base/runFolder";
import { annotatedCandidateSchema } from "../../lib/factuality/records";
import { Knowledge } from "../../lib/factuality/knowledge/knowledge";
import { readCheckpointConfig } from "../../lib/model/checkpoint";
import { preferencePairSchema } from "../../lib/preference/pair";
import { tokenizeFor } from "../../lib/preference/tokenizeFor";
import type { ImportName } from "../../lib/preference/formats/registry";
import { importVerb } from "../../lib/steps/import";
import { pairsVerb } from "../../lib/steps/pairs";
import { loadTokenizer } from "../../lib/text/tokenizer";
import { questionsOf } from "../../lib/world/questionFile";
import { writePairs, writeQuestions, tinyModel } from "../cli/data";
import { goldenPath } from "../golden/golden";
import { candidate } from "../preference/fixtures";
import { modelTargets } from "./modelTargets";
import type { Target } from "./target";

const at = (dir: string, name: string): string => path.join(dir, name);
const copy =
  (from: string, ...names: string[]) =>
  (dir: string): void => {
    for (const name of names) copyFileSync(path.join(from, name), at(dir, name));
  };
const importing = (
  from: ImportName,
  name: string,
  prepare: Target["prepare"],
  kind: "jsonl" | "json" | "bytes",
): Target => ({
  name: `import ${from} ${path.extname(name).slice(1)}`,
  prepare,
  files: { [name]: kind },
  read: (dir) => importVerb({ from, files: [at(dir, name)], out: at(dir, "out.jsonl"), seed: 1 }),
});
const golden = (name: string) => copy(goldenPath("formats"), name);

const labelled = {
  input: "Question: Tell me a bio of Ada.",
  output: "Ada sang. She lives in Oz.",
  topic: "Ada",
  cat: ["rare", "Asia/Pacific"],
  annotations: [
    {
      text: "Ada sang.",
      "is-relevant": true,
      "model-atomic-facts": [],
      "human-atomic-facts": [{ text: "f", label: "S" }],
    },
    {
      text: "She lives in Oz.",
      "is-relevant": true,
      "model-atomic-facts": [],
      "human-atomic-facts": [{ text: "g", label: "NS" }],
    },
  ],
};
const spans = [
  {
    ID: "1",
    user_query: "Bern?",
    chatgpt_response: "Bern is it. No.",
    hallucination: "yes",
    hallucination_spans: ["No."],
  },
  { ID: "2", user_query: "Bern?", chatgpt_response: "Bern is it.", hallucination: "no", hallucination_spans: [] },
];

const pairs: Target = {
  name: "pairs",
  prepare: (dir) => void writePairs(at(dir, "pairs.jsonl"), 4),
  files: { "pairs.jsonl": "jsonl" },
  words: ["supported", "contradictory", "start", "end", "tokenIds"],
  read(dir) {
    const rows = readJsonl(at(dir, "pairs.jsonl"), preferencePairSchema);
    return tokenizeFor(loadTokenizer(tinyModel), readCheckpointConfig(tinyModel), rows, "paper", 1).report;
  },
};

const candidates: Target = {
  name: "candidates",
  prepare(dir) {
    const rows = ["SCS", "UN", "SS", "CU"].map((letters, i) => candidate(`q${i % 2}`, i >> 1, letters));
    writeJsonl(at(dir, "candidates.jsonl"), rows);
    writeQuestions(at(dir, "questions.jsonl"), 3);
  },
  files: { "candidates.jsonl": "jsonl", "questions.jsonl": "jsonl" },
  words: ["q0", "q1", "supported", "user", "assistant", "system"],
  read(dir) {
    readJsonl(at(dir, "candidates.jsonl"), annotatedCandidateSchema);
    questionsOf(at(dir, "questions.jsonl"));
    const [from, questions, out] = ["candidates.jsonl", "questions.jsonl", "pairs.jsonl"].map((name) => at(dir, name));
    return pairsVerb({ candidates: from!, questions, out: out!, seed: 1 });
  },
};

const state: Target = {
  name: "training state",
  prepare(dir) {
    const floats = (n: number) => Float32Array.from({ length: 12 }, (_, i) => i * n);
    writeTrainState(at(dir, "state.safetensors"), "key", { step: 2, weights: floats(1), m: floats(2), v: floats(3) });
    writeJsonl(
      at(dir, "log.jsonl"),
      [1, 2].map((step) => ({ ...logRow, step })),
    );
    claimFolder(dir, { seed: 1, options: { lr: 0.1 } });
    writeFileSync(at(dir, "mask-dpo-files.json"), '{"files":{"a":{"bytes":1,"sha256":"x"}}}\n');
  },
  files: { "state.safetensors": "bytes", "log.jsonl": "jsonl", "run.json": "json", "mask-dpo-files.json": "json" },
  read(dir) {
    readTrainState(at(dir, "state.safetensors"), { key: "key", size: 12, steps: 4 });
    readLog(at(dir, "log.jsonl"), 2);
    claimFolder(dir, { seed: 1, options: { lr: 0.1 } });
    checkFolder(dir, "x");
  },
};
const logRow = {
  step: 1,
  steps: 4,
  epoch: 1,
  loss: 0.5,
  chosenReward: 0,
  rejectedReward: 0,
  chosenLogps: -1,
  rejectedLogps: -1,
  accuracy: 1,
  margin: 0,
  gradNorm: 1,
  lr: 0.1,
  maskedShare: 0.5,
  tokensPerSecond: 10,
  etaSeconds: 1,
};

const knowledge: Target = {
  name: "knowledge",
  prepare: (dir) =>
    writeJsonl(
      at(dir, "k.jsonl"),
      ["Bern", "Graz"].map((topic) => ({ topic, document: `${topic} is a city.\n\nIt is old.` })),
    ),
  files: { "k.jsonl": "jsonl" },
  words: ["Bern", "GRAZ", "title", "text"],
  read: (dir) => Knowledge.read(at(dir, "k.jsonl"), new Set(["Bern", "Graz"])).then(({ hash }) => hash),
};

export const targets: readonly Target[] = [
  pairs,
  candidates,
  importing("trl", "trl.jsonl", golden("trl.jsonl"), "jsonl"),
  importing("official", "official.jsonl", golden("official.jsonl"), "jsonl"),
  importing("axolotl", "axolotl.jsonl", golden("axolotl.jsonl"), "jsonl"),
  importing("llamafactory", "mask_dpo.json", golden("mask_dpo.json"), "json"),
  importing("factscore", "model.jsonl", (dir) => writeJsonl(at(dir, "model.jsonl"), [labelled]), "jsonl"),
  importing("halueval", "h.json", (dir) => writeFileSync(at(dir, "h.json"), JSON.stringify(spans)), "json"),
  importing("trl", "preference.parquet", golden("preference.parquet"), "bytes"),
  ...modelTargets,
  state,
  knowledge,
];
