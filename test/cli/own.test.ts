/**
 * The script of lib/steps/README.md, run as it stands there, but for the sizes and addresses below, and where its
 * commands run the second time.
 */
import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { test, type TestContext } from "node:test";
import { pathToFileURL } from "node:url";
import { projectRoot } from "../../lib/base/files";
import { sha256File } from "../../lib/base/hash";
import { Rng } from "../../lib/base/rng";
import { bestOfTable, evaluationTable } from "../../lib/evaluation/tables";
import type { AnnotatedCandidate, Candidate } from "../../lib/factuality/records";
import { readCheckpoint } from "../../lib/model/checkpoint";
import type { PreferencePair } from "../../lib/preference/pair";
import type { Table } from "../../lib/show/table";
import { bestOfVerb } from "../../lib/steps/bestOfN";
import { summaryOf } from "../../lib/steps/evaluate";
import { anahReply, fakeServer, good, type FakeServer, type Seen } from "../server/fake";
import { filesBelow, refuse, rowsOf, succeed } from "./process";
import { skip, fromReadme, maskDpo, quoted, here, small, withAdapter, runCell, shell, ownFolder } from "./readme";
import { serveHere } from "./serveHere";

/** Says four right or wrong things about the topic asked for. */
function policy({ body }: Seen): string {
  const rng = new Rng(`${body.seed}`);
  const topic = /about (\w+)/.exec(body.messages![0]!.content)![1]!;
  return Array.from({ length: 4 }, () => `${rng.next() < 0.5 ? topic : "It"} is large.`).join(" ");
}

const fleet = (t: TestContext): Promise<FakeServer> =>
  fakeServer(t, (response, seen, n) => good(seen.body.model === "judge" ? anahReply : policy)(response, seen, n));
/** The README's cell gives the weights that the script's `train` gave. */
async function trainAgain(t: TestContext, dir: string): Promise<void> {
  const mine = (name: string) => path.join(dir, "mine", name);
  const cell = fromReadme("train", {
    '"mine/base"': JSON.stringify(mine("base")),
    '"mine/pairs.jsonl"': JSON.stringify(mine("pairs.jsonl")),
    '"mine/aligned"': JSON.stringify(mine("again")),
    "lr: 5e-6": "lr: 1e-3, batch: 4",
  });
  const { code, stderr } = await runCell(t, cell);
  assert.equal(code, 0, stderr);
  const [weights, again] = ["aligned", "again"].map((name) => sha256File(path.join(mine(name), "model.safetensors")));
  assert.equal(again, weights);
}

interface Report {
  tables: Table[];
  figures: { name: string }[];
  inputs: { file: string; sha256: string; annotator: string | null }[];
  warnings: string[];
}

for (const [family, model, trained] of [
  ["LlamaForCausalLM", "llama-3.2-1b", "adapter"],
  ["Qwen2ForCausalLM", "qwen2.5-0.5b", "aligned"],
] as const) {
  test(
    `study.sh from questions to report: ${family}, ${trained === "adapter" ? "an adapter" : "all weights"}`,
    { timeout: 240_000, skip },
    async (t) => {
      const server = await fleet(t);
      const dir = ownFolder(t, model);
      const at = (name: string) => path.join(dir, "mine", name);
      // each of fourteen commands takes seconds to start
      const command = trained === "adapter" ? here : { [maskDpo]: (await serveHere(t)).map(quoted).join(" ") };
      const script = fromReadme("study.sh", { ...command, ...small, "http://127.0.0.1:8000/v1": server.url });
      const said = await shell(dir, trained === "adapter" ? withAdapter(script) : script);
      assert.match(said, /aligned +[\d.]+ .+\[[\s\S]+report in mine\/report\/report\.html\n$/);
      assert.match(readFileSync(at("base/config.json"), "utf8"), new RegExp(family));

      const pairs = rowsOf<PreferencePair>(at("pairs.jsonl"));
      const [before, after] = ["base", "aligned"].map((name) => readCheckpoint(at(name)));
      assert.ok(pairs.length >= 4, `only ${pairs.length} pairs`);
      const projection = "model.layers.0.self_attn.q_proj.weight";
      assert.notDeepEqual(after!.tensors.get(projection), before!.tensors.get(projection));
      if (trained === "aligned") await trainAgain(t, dir);
      for (const how of ["greedy", "sampled"])
        assert.notDeepEqual(
          ...(["base", "aligned"].map((name) =>
            rowsOf<Candidate>(at(`${name}-${how}.jsonl`)).map((row) => row.completion),
          ) as [string[], string[]]),
          how,
        );

      const report = JSON.parse(readFileSync(at("report/report.json"), "utf8")) as Report;
      const table = (name: string) => report.tables.find((one) => one.name === name)!;
      const answers = (name: string, how: string) => at(`${name}-${how}-judged.jsonl`);
      const summary = (name: string, how: string) => summaryOf(answers(name, how), at("test.jsonl"), 1);
      const expected = evaluationTable(
        ["greedy", "sampled"].flatMap((how) =>
          ["base", "aligned"].map((name) => ({
            label: how === "greedy" ? name : `${name} (sampled)`,
            summary: summary(name, how),
          })),
        ),
      );
      assert.deepEqual(table("scores").rows, expected.rows, "the numbers of `evaluate`");
      assert.deepEqual(
        table("best-of-n").rows,
        bestOfTable(
          ["base", "aligned"].map((label) => ({
            label,
            points: bestOfVerb(answers(label, "sampled"), at("test.jsonl"), 1),
          })),
        ).rows.map((row) => JSON.parse(JSON.stringify(row)) as object),
        "the numbers of `best-of-n`",
      );
      const [greedy] = table("differences").rows as unknown as { label: string; score: { value: number }; p: number }[];
      assert.ok(
        Math.abs(
          greedy!.score.value -
            100 * (summary("aligned", "greedy").score.value - summary("base", "greedy").score.value),
        ) < 1e-9,
      );
      assert.ok(greedy!.p > 0 && greedy!.p <= 1);
      assert.equal(table("pairs").rows[0]!.value, pairs.length);
      assert.ok((table("masks").rows[0] as { pairs: number }).pairs <= pairs.length);
      assert.equal(
        table("training").rows.find(({ what }) => what === "adapter's rank")!.p0,
        trained === "adapter" ? "16" : null,
      );
      // six topics, and models that have hardly learnt to speak
      const fair = [
        /^6 topics can show .* points or more/,
        /^100 % of the answers of \w+ were cut before their end/,
        /^[\d.]+ % of the answers of \w+ say the same words 8 times in a row or more/,
      ];
      assert.deepEqual(
        report.warnings.filter((warning) => !fair.some((one) => one.test(warning))),
        [],
      );
      for (const { file, sha256 } of report.inputs)
        if (!file.endsWith("log.jsonl")) assert.equal(sha256File(path.join(dir, file)), sha256, file);
      assert.equal(report.inputs.filter(({ annotator }) => annotator === "anah, judge").length, 4);
      const left = filesBelow(at("report"));
      for (const name of ["scores", "best-of-n", "training"])
        for (const ending of ["svg", "pdf", "png", "html", "figure.json", "md", "tex", "table.json"])
          assert.ok(left.includes(`${name}.${ending}`), `${name}.${ending}`);
      // it stands alone, but for the way to the page of its pairs
      assert.doesNotMatch(readFileSync(at("report/report.html"), "utf8"), /src="|href="(?!#|\.\.\/pairs\.html")/);
    },
  );
}

test(
  "a server samples for four clients, annotate.ts judges, and a model with a SentencePiece tokenizer learns",
  { timeout: 120_000, skip },
  async (t) => {
    const server = await fleet(t);
    const dir = ownFolder(t, "tinyllama-1.1b");
    const at = (name: string) => path.join(dir, "mine", name);
    const shards = fromReadme("shards", { ...here, "--k 32": "--k 4", "http://127.0.0.1:8000/v1": server.url });
    await shell(dir, `set -e\nfor i in 1 2 3 4; do\n${shards}done`);
    assert.equal(server.seen.length, 32);
    const candidates = rowsOf<Candidate>(at("candidates.jsonl"));
    assert.equal(candidates.length, 32);

    writeFileSync(at("annotate.ts"), fromReadme("annotate.ts", { "../lib/": `${projectRoot}/lib/` }));
    const run = [process.execPath, "--import", pathToFileURL(require.resolve("tsx")).href].map(quoted).join(" ");
    const files = "mine/candidates.jsonl mine/questions.jsonl mine/annotated.jsonl";
    await shell(dir, `${run} mine/annotate.ts ${files}`);
    const judged = (text: string, topic: string): string[] =>
      text
        .split(/(?<=\.) /)
        .map((sentence) => `${sentence} ${sentence.includes(topic) ? "supported" : "contradictory"}`);
    assert.deepEqual(
      rowsOf<AnnotatedCandidate>(at("annotated.jsonl")).map(({ completion: text, sentences }) =>
        sentences.map(({ start, end, verdict }) => `${text.slice(start, end)} ${verdict}`),
      ),
      candidates.map(({ questionId, completion: text }) => judged(text, questionId.slice("about ".length))),
    );

    const lines = fromReadme("study.sh", { ...here, ...small }).split("\n");
    await shell(dir, ["set -e", ...lines.filter((line) => / (pairs|train) --/.test(line))].join("\n"));
    const out = at("report");
    const answers = `base=${at("annotated.jsonl")}`;
    await succeed([
      "report",
      "--questions",
      at("questions.jsonl"),
      "--answers",
      answers,
      `aligned=${at("annotated.jsonl")}`,
      "--pairs",
      at("pairs.jsonl"),
      "--trained",
      `aligned=${at("aligned")}`,
      "--out",
      out,
    ]);
    const { tables } = JSON.parse(readFileSync(path.join(out, "report.json"), "utf8")) as Report;
    const [masks] = tables.find(({ name }) => name === "masks")!.rows;
    for (const side of ["chosen", "rejected"]) {
      const kept = masks![side] as number;
      assert.ok(kept > 0 && kept < 100, `the mask keeps ${kept} % of ${side}`);
    }
    assert.equal(
      (tables.find(({ name }) => name === "differences")!.rows[0] as { p: number }).p,
      1,
      "the same answers",
    );
    await refuse(
      [
        "report",
        "--questions",
        at("questions.jsonl"),
        "--answers",
        answers,
        "--sampled",
        `other=${at("annotated.jsonl")}`,
        "--out",
        out,
      ],
      /--sampled: expected a policy of --answers \(base\), got "other"/,
    );
  },
);
