/** Help with examples that work, what was nearly written, answers for scripts, and completion in real shells. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { CommanderError, type Command } from "commander";
import { createProgram } from "../../lib/cli/program";
import { examplesOf } from "../../lib/cli/help/examples";
import { scratch } from "../golden/fixtures";
import * as here from "./here";
import { succeed } from "./here";

const silent = { out: () => undefined, err: () => undefined };

/** Every command below one, with its name as it is called. */
const namesIn = (command: Command, name = ""): string[] => [
  name,
  ...command.commands.flatMap((verb) => namesIn(verb, `${name} ${verb.name()}`.trim())),
];
const names = namesIn(createProgram(silent)).filter(Boolean);

test("every help ends on examples, and marks what must be given", { timeout: 60_000 }, async () => {
  for (const name of names) {
    const help = await succeed([...name.split(" "), "--help"]);
    assert.match(help, new RegExp(`\nExamples:\n(  node lib/cli/mask-dpo\\.mjs ${name}.*\n)+`), name);
  }
  const help = await succeed(["pairs", "--help"]);
  assert.match(help, /--out <file> .*\n?.*\(required\)/);
  assert.doesNotMatch(help, /--seed <n> .*\(required\)/);
});

/** Parses one as the command line does, and runs nothing. */
async function parse(line: string): Promise<void> {
  const program = createProgram(silent);
  const stub = (command: Command): void => {
    if (command.commands.length === 0) command.action(() => undefined);
    command.commands.forEach(stub);
  };
  stub(program);
  await program.parseAsync(line.split(" "), { from: "user" });
}

test("every example can be parsed as it stands", async () => {
  for (const name of names)
    for (const example of examplesOf(name)) await assert.doesNotReject(parse(example), `mask-dpo ${example}`);
  await assert.rejects(parse("pairs --out x"), CommanderError);
});

test("what was nearly written is named, before what is missing", async () => {
  const cases: [line: string, meant: string][] = [
    ["sample --question q.jsonl --out c.jsonl", "--questions"],
    ["sample --max_new_tokens 5", "--max-new-tokens"],
    ["train --learning-rate 1e-5", "--lr"],
    ["train --output x", "--out"],
    ["train --num_train_epochs 2", "--epochs"],
    ["train --loss-type ipo", "--objective"],
    ["annotate -o x", "--out"],
    ["sample -model x", "--model"],
    ["generate --k 3", "sample"],
    ["eval", "evaluate"],
    ["anotate", "annotate"],
    ["runs list", "ls"],
  ];
  for (const [line, meant] of cases) {
    const { code, stdout, stderr } = await here.run(line.split(" "));
    assert.deepEqual([code, stdout], [1, ""], line);
    assert.match(stderr, new RegExp(`^error: unknown (option|command) '.+'\\n\\(Did you mean ${meant}\\?\\)\\n`), line);
  }
  const { stderr } = await here.run(["pairs", "--nothing-like-it"]);
  assert.match(stderr, /^error: unknown option '--nothing-like-it'\n\(add --help/);
});

test("--json answers are one value of JSON", async (t) => {
  const runs = scratch(t);
  const made = path.join(runs, "candidates-0123abcd");
  const json = async (line: string): Promise<unknown> =>
    JSON.parse(await succeed(line.split(" "), { MASK_DPO_RUNS: runs }));
  assert.deepEqual(await json("runs ls --json"), []);
  mkdirSync(made);
  writeFileSync(path.join(made, "run.json"), JSON.stringify({ kind: "candidates", k: 4 }));
  const [run] = (await json("runs ls --json")) as Record<string, unknown>[];
  assert.equal(run!.hash, "0123abcd");
  assert.equal(typeof run!.bytes, "number");
  assert.deepEqual(run!.key, { kind: "candidates", k: 4 });
  assert.ok(Math.abs(Date.parse(String(run!.changed)) - Date.now()) < 60_000);
  const shown = (await json("runs show 0123 --json")) as { files: unknown };
  assert.ok(Array.isArray(shown.files));
  assert.deepEqual(await json("runs diff 0123 0123 --json"), {});

  const sentences = [{ start: 0, end: 4, verdict: "supported" }];
  const rows = ["supported", "contradictory"].map((verdict, index) => {
    const row = { questionId: "q", index, completion: "One.", sentences: [{ ...sentences[0], verdict }], seed: 1 };
    return `${JSON.stringify(row)}\n`;
  });
  const at = (name: string): string => path.join(runs, name);
  writeFileSync(at("annotated.jsonl"), rows.join(""));
  const question = { id: "q", topic: "t", prompt: [{ role: "user", content: "?" }] };
  writeFileSync(at("questions.jsonl"), `${JSON.stringify(question)}\n`);
  const files = `--questions ${at("questions.jsonl")}`;
  const agreed = (await json(
    `agreement --human ${at("annotated.jsonl")} --annotated ${at("annotated.jsonl")} ${files} --json`,
  )) as { sentences: number };
  assert.equal(agreed.sentences, 2);
  const report = (await json(
    `pairs --candidates ${at("annotated.jsonl")} ${files} --out ${at("pairs.jsonl")} --json`,
  )) as { candidates: number };
  assert.equal(report.candidates, 2);
  const points = (await json(`best-of-n --answers ${at("annotated.jsonl")} ${files} --json`)) as { n: number }[];
  assert.deepEqual(
    points.map(({ n }) => n),
    [1, 2],
  );
});

/** Words typed after `mask-dpo`, the last of them begun, and what Tab may put in its place. */
const completions: [words: string[], proposed: string[], not: string[]][] = [
  [[""], ["sample", "annotate", "runs", "completion"], ["ls", "--model"]],
  [["ann"], ["annotate"], ["sample"]],
  [["runs", ""], ["ls", "show", "diff", "gc"], ["sample"]],
  [["runs", "ls", "--"], ["--kind", "--json", "--help"], ["--older-than"]],
  [["sample", "--mod"], ["--model", "--model-name"], ["--out"]],
  [
    ["train", "--mask", ""],
    ["paper", "none", "inverted", "random"],
    ["--out", "dpo"],
  ],
  [["train", "--objective", "s"], ["simpo", "sft"], ["dpo"]],
  [["completion", ""], ["bash", "zsh"], ["--help"]],
];

test("completion in a real bash", { timeout: 60_000 }, async (t) => {
  if (spawnSync("bash", ["-c", "exit 0"]).status !== 0) return t.skip("no bash");
  const folder = scratch(t);
  writeFileSync(path.join(folder, "completion.sh"), await succeed(["completion", "bash"]));
  const ask = completions.map(([words]) => {
    const typed = ["mask-dpo", ...words].map((word) => `'${word}'`).join(" ");
    return `COMP_WORDS=(${typed}); COMP_CWORD=${words.length}; _mask_dpo 2>/dev/null; echo "\${COMPREPLY[@]}"`;
  });
  const script = [`source ${path.join(folder, "completion.sh")}`, ...ask, "complete -p mask-dpo"].join("\n");
  const { stdout, stderr } = spawnSync("bash", ["--norc", "-c", script], { encoding: "utf8" });
  assert.equal(stderr, "");
  const lines = stdout.split("\n");
  completions.forEach(([words, proposed, not], i) => {
    const found = lines[i]!.split(" ");
    for (const word of proposed) assert.ok(found.includes(word), `${words.join(" ")}: ${word} is not in ${lines[i]}`);
    for (const word of not) assert.ok(!found.includes(word), `${words.join(" ")}: ${word}`);
  });
  assert.match(stdout, /complete -o default -F _mask_dpo mask-dpo/);
});

test("completion in a real zsh", { timeout: 300_000 }, async (t) => {
  if (spawnSync("zsh", ["-fc", "exit 0"]).status !== 0) return t.skip("no zsh");
  const folder = scratch(t);
  writeFileSync(path.join(folder, "_mask-dpo"), await succeed(["completion", "zsh"]));
  // A terminal inside zsh, in which the words are typed and listed; it waits until all are there, or thirty seconds.
  // Nothing is typed before the line editor says that it reads: the terminal itself would take Ctrl-D for an end.
  const asked = completions.map(([words, proposed]) => `ask 'mask-dpo ${words.join(" ")}' ${proposed.join(" ")}`);
  const script = `
zmodload zsh/zpty
zpty shell zsh -f -i
zpty -w shell "PROMPT=; autoload -Uz compinit; compinit -u -d ${folder}/dump; source ${folder}/_mask-dpo"
zpty -w shell "LISTMAX=1000; LINES=100; COLUMNS=200; setopt no_beep"
zpty -w shell "zle-line-init() { print RE''ADY }; zle -N zle-line-init"
while zpty -r shell line; do [[ $line == *READY* ]] && break; done
ask() {
  local typed=$1 out= line missing try; shift
  zpty -n -w shell "$typed"$'\\C-d'
  for try in {1..300}; do
    while zpty -rt shell line; do out+=$line; done
    missing=(); for word; do [[ $out == *$word* ]] || missing+=($word); done
    (( $#missing )) || break
    sleep 0.1
  done
  zpty -n -w shell $'\\C-u'
  print -r -- "$typed: $missing"
}
${asked.join("\n")}
zpty -d shell`;
  const { stdout, stderr } = spawnSync("zsh", ["-fc", script], { encoding: "utf8", timeout: 270_000 });
  const none = completions.map(([words]) => `mask-dpo ${words.join(" ")}: \n`).join("");
  assert.equal(stdout, none, stderr);
});
