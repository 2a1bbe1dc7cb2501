/** The documents' scripts for one's own model and questions, as a test runs them. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import type { TestContext } from "node:test";
import { projectRoot } from "../../lib/base/files";
import { writeJsonl } from "../../lib/base/jsonl";
import type { Question } from "../../lib/factuality/records";
import { scratch } from "../golden/fixtures";
import { goldenPath } from "../golden/golden";
import { startNode, type Ended, type Env } from "./process";

const readme = ["README.md", "lib/steps/README.md", "lib/server/README.md"]
  .map((file) => readFileSync(path.join(projectRoot, file), "utf8"))
  .join("\n");
export const skip = process.platform === "win32" ? "the script needs a POSIX shell" : false;

/** The fenced block behind `<!-- name: … -->`, with every text of `replaced` in place of another that must be there. */
export function fromReadme(name: string, replaced: Readonly<Record<string, string>>): string {
  const [, block] =
    new RegExp(`<!-- ${name.replace(".", "\\.")}: [^>]*-->\n\`\`\`\\w+\n([^]*?)\`\`\``).exec(readme) ?? [];
  assert.ok(block !== undefined, `no document has a block ${name}`);
  return Object.entries(replaced).reduce((text, [from, to]) => {
    assert.ok(text.includes(from), `the documents' ${name} no longer has "${from}"`);
    return text.replaceAll(from, to);
  }, block);
}

export const quoted = (text: string): string => `"${text.replace(/["\\$`]/g, "\\$&")}"`;
export const maskDpo = "node lib/cli/mask-dpo.mjs";
export const here = {
  [maskDpo]: `${quoted(process.execPath)} ${quoted(path.join(projectRoot, "lib/cli/mask-dpo.mjs"))}`,
};
/** Larger and more steps. */
const steps = "--lr 1e-3 --batch 4";
/** With fewer and shorter completions. */
export const small = {
  "--k 32": "--k 5 --max-new-tokens 40",
  "--k 16": "--k 4 --max-new-tokens 40",
  "--k 1 ": "--k 1 --max-new-tokens 40 ",
  "--out mine/aligned\n": `--out mine/aligned ${steps}\n`,
};
/** The script with an adapter. */
export function withAdapter(script: string): string {
  const lines = fromReadme("adapter", { ...here, "--out mine/adapter\n": `--out mine/adapter ${steps}\n` });
  return script
    .replace(/^.* train .*\n/m, () => lines)
    .replace("--trained aligned=mine/aligned", "--trained aligned=mine/adapter");
}

/** Runs a document's cell as a file of the project, which cells see as theirs. */
export async function runCell(t: TestContext, cell: string, env: Env = {}): Promise<Ended> {
  const file = path.join(projectRoot, `cell-${path.basename(scratch(t))}.ts`);
  const [imports, ...lines] = cell.split("\n");
  writeFileSync(file, `${imports}\nvoid (async () => {\n${lines.join("\n")}\n})();\n`);
  t.after(() => rmSync(file, { force: true }));
  return startNode(["--require", "./lib/base/typescript.cjs", file], env).ended;
}

export async function shell(cwd: string, script: string): Promise<string> {
  const child = spawn("sh", ["-c", script], { cwd, stdio: ["ignore", "pipe", "pipe"] });
  let stdout = "";
  let stderr = "";
  child.stdout.on("data", (data) => {
    stdout += String(data);
  });
  child.stderr.on("data", (data) => {
    stderr += String(data);
  });
  const code = await new Promise((resolve, reject) => child.on("error", reject).on("close", resolve));
  assert.equal(code, 0, stderr);
  return stdout;
}

const topics = ["Lima", "Oslo", "Quito", "Riga", "Sofia", "Tirana", "Vienna", "Zagreb"];
const questionsOn = (names: readonly string[]): Question[] =>
  names.map((topic) => ({
    id: `about ${topic}`,
    topic,
    prompt: [{ role: "user", content: `Tell me about ${topic}.` }],
  }));

/** The user's folder. */
export function ownFolder(t: TestContext, model: string): string {
  const dir = scratch(t);
  const mine = path.join(dir, "mine");
  mkdirSync(mine);
  writeJsonl(path.join(mine, "questions.jsonl"), questionsOn(topics));
  writeJsonl(path.join(mine, "test.jsonl"), questionsOn(["Accra", "Bern", "Cairo", "Dakar", "Hanoi", "Kyiv"]));
  writeJsonl(
    path.join(mine, "documents.jsonl"),
    [...topics, "Accra", "Bern", "Cairo", "Dakar", "Hanoi", "Kyiv"].map((topic) => ({
      topic,
      document: `${topic} is a capital.`,
    })),
  );
  cpSync(goldenPath("models", model), path.join(mine, "base"), { recursive: true });
  return dir;
}
