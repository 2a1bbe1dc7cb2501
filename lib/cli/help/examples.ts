/** What the end of every help shows: command lines that work, by verb. A test parses each of them. */
import type { Command } from "commander";

const examples: Readonly<Record<string, readonly string[]>> = {
  setup: ["setup"],
  doctor: ["doctor", "doctor --json"],
  "world facts": ["world facts --out mine/atlas"],
  "world questions": ["world questions --split train --first 100 --out mine/questions.jsonl"],
  "world corpus": ["world corpus --documents 1000 --out mine/corpus.txt"],
  "world pretrain": ["world pretrain --base base --steps 100 --out mine/tried"],
  "world aligned": ["world aligned --out mine/adapter"],
  site: ["site", "site --out mine/site"],
  fetch: ["fetch smollm2-135m-instruct --out mine/base", "fetch HuggingFaceTB/SmolLM2-360M-Instruct --out mine/base"],
  "import-model": ["import-model SmolLM2-135M-Instruct.Q4_1.gguf --out mine/base"],
  sample: [
    "sample --model mine/base --questions mine/questions.jsonl --k 32 --out mine/candidates.jsonl",
    "sample --server http://127.0.0.1:8000/v1 --model-name base " +
      "--questions mine/questions.jsonl --out mine/candidates.jsonl",
    "sample --model mine/base --questions mine/test.jsonl --k 1 --temperature 0 --out mine/greedy.jsonl",
  ],
  annotate: [
    "annotate --candidates mine/candidates.jsonl --questions mine/questions.jsonl --out mine/annotated.jsonl",
    "annotate --annotator anah --documents mine/documents.jsonl --server http://127.0.0.1:8000/v1 --model-name judge " +
      "--candidates mine/candidates.jsonl --questions mine/questions.jsonl --out mine/annotated.jsonl",
  ],
  agreement: ["agreement --human mine/human.jsonl --annotated mine/annotated.jsonl --questions mine/questions.jsonl"],
  pairs: ["pairs --candidates mine/annotated.jsonl --questions mine/questions.jsonl --out mine/pairs.jsonl"],
  inspect: [
    "inspect --pairs mine/pairs.jsonl --model mine/base --out mine/pairs.html",
    "inspect --pairs mine/pairs.jsonl --model mine/base --policy mine/aligned --out mine/pairs.html",
  ],
  lint: ["lint --official rows.jsonl --model mine/base", "lint --pairs mine/pairs.jsonl --model mine/base --json"],
  train: [
    "train --model mine/base --pairs mine/pairs.jsonl --out mine/aligned",
    "train --model mine/base --pairs mine/pairs.jsonl --lora-rank 16 --gradient-checkpointing --out mine/adapter",
    "train --model mine/base --pairs mine/pairs.jsonl --objective simpo --option gammaRatio=0.5 --out mine/simpo",
  ],
  plan: ["plan --model mine/base --pairs mine/pairs.jsonl --lora-rank 16 --memory 16GB"],
  merge: ["merge --model mine/base --adapter mine/adapter --out mine/aligned"],
  loss: ["loss --objective ipo --option tau=0.2 --in mine/logps.jsonl --out mine/losses.jsonl"],
  evaluate: [
    "evaluate --model mine/aligned --split test --out mine/answers.jsonl",
    "evaluate --model mine/aligned --decoding sampled --samples 16 --out mine/answers.jsonl",
  ],
  power: [
    "power --answers mine/base.jsonl --against mine/aligned.jsonl --questions mine/test.jsonl --effect 3",
    "power --answers mine/pilot.jsonl --questions mine/test.jsonl --power 0.9 --json",
  ],
  tpo: ["tpo --server http://127.0.0.1:8000/v1 --model-name base --questions mine/test.jsonl --out mine/tpo.jsonl"],
  "best-of-n": ["best-of-n --answers mine/answers.jsonl --questions mine/test.jsonl --most 16"],
  logps: ["logps --model mine/aligned --pairs mine/pairs.jsonl --out mine/logps.jsonl"],
  serve: [
    "serve --model mine/aligned",
    "serve --model mine/base --adapter mine/adapter --port 8001",
    "serve --model mine/aligned --no-token",
  ],
  import: [
    "import --from trl --in preferences.parquet --out mine/pairs.jsonl",
    "import --from factscore --in ChatGPT.jsonl InstructGPT.jsonl --out mine/pairs.jsonl",
  ],
  export: [
    "export --to trl --pairs mine/pairs.jsonl --out mine/trl",
    "export --to torch --model mine/base --pairs mine/pairs.jsonl --out mine/torch",
  ],
  notebooks: ["notebooks --check", "notebooks notebooks/00-overview.ipynb"],
  tune: ["tune --preset quick --out mine/tuning", "tune --world fixed --preset quick --out mine/tuning"],
  reproduce: ["reproduce", "reproduce --preset smoke --only 02 --out mine/smoke"],
  report: [
    "report --questions mine/test.jsonl --answers base=mine/base.jsonl aligned=mine/aligned.jsonl --out mine/report",
  ],
  "runs ls": ["runs ls --kind experiment", "runs ls --json"],
  "runs show": ["runs show 3f9a"],
  "runs diff": ["runs diff 3f9a 81c2"],
  "runs gc": ["runs gc --older-than 30d --dry-run", "runs gc --older-than 30d --yes"],
  lab: ["lab", "lab --port 8890 --no-browser"],
  completion: ["completion bash", "completion zsh"],
};

/** How they are called in a clone: an installation puts no command on the path. */
const called = "node lib/cli/mask-dpo.mjs";

/** As after the program: of a group, one of each of its verbs. */
export function examplesOf(name: string): readonly string[] {
  const within = Object.keys(examples).filter((other) => other.startsWith(`${name} `));
  return examples[name] ?? within.map((other) => examples[other]![0]!);
}

/** Adds them to the help of a command and of all below it. @param name as it is called, without the program */
export function addExamples(command: Command, name = ""): void {
  const found = examplesOf(name);
  const lines = found.map((example) => `  ${called} ${example}`);
  if (found.length > 0) command.addHelpText("after", ["", "Examples:", ...lines].join("\n"));
  for (const verb of command.commands) addExamples(verb, `${name} ${verb.name()}`.trim());
}
