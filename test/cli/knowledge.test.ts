/**
 * `annotate --annotator factscore` on FActScore's database and on rows of the same articles: one run, as long as the
 * articles are the same.
 */
import assert from "node:assert/strict";
import { copyFileSync, readFileSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { Database } from "node-sqlite3-wasm";
import { writeJsonl } from "../../lib/base/jsonl";
import { completion, fakeServer, send } from "../server/fake";
import { scratch, inOrder } from "../golden/fixtures";
import { goldenPath, readGolden } from "../golden/golden";
import { refuse, succeed } from "./here";

test(
  "annotate resumes whatever file the articles are from, and not when one of them changed",
  { timeout: 120_000 },
  async (t) => {
    const dir = scratch(t);
    const at = (name: string) => path.join(dir, name);
    const { articles } = readGolden<{ articles: { title: string; passages: string[] }[] }>("knowledge", "vectors.json");
    copyFileSync(goldenPath("knowledge", "documents.db"), at("documents"));
    writeJsonl(
      at("rows"),
      articles.map(({ title, passages }) => ({ title, text: passages })),
    );
    const topics = ["graz", "linz"];
    writeJsonl(
      at("questions.jsonl"),
      topics.map((topic) => ({ id: topic, topic, prompt: [{ role: "user", content: "?" }] })),
    );
    writeJsonl(
      at("candidates.jsonl"),
      topics.map((topic) => ({ questionId: topic, index: 0, completion: "It has a bridge.", seed: 0 })),
    );
    const server = await fakeServer(t, (response, seen) => {
      const last = seen.body.messages!.at(-1)!.content;
      send(
        response,
        completion(
          seen,
          !last.endsWith("Output:")
            ? "- bridge tram"
            : last.startsWith("Answer the question about graz")
              ? "True"
              : "False",
        ),
      );
    });
    const annotate = (knowledge: string) => [
      "annotate",
      "--annotator",
      "factscore",
      "--knowledge",
      knowledge,
      "--candidates",
      at("candidates.jsonl"),
      "--questions",
      at("questions.jsonl"),
      "--server",
      server.url,
      "--model-name",
      "m",
      "--out",
      at("judged.jsonl"),
    ];
    const change = (sql: string): void => {
      const database = new Database(at("documents"));
      database.exec(sql);
      database.close();
    };

    assert.match(
      await succeed(annotate(at("documents"))),
      /: 1 supported, 0 contradictory, 1 unverifiable, .+; facts: 1 supported, 1 not; 3 calls,/,
    );
    const judged = readFileSync(at("judged.jsonl"), "utf8");
    change("UPDATE documents SET text = 'changed' WHERE title = 'wels'; DELETE FROM documents WHERE title > 'm'");
    for (const knowledge of ["documents", "rows"]) await succeed(annotate(at(knowledge)));
    assert.deepEqual([server.seen.length, readFileSync(at("judged.jsonl"), "utf8")], [3, judged]);

    change("UPDATE documents SET text = 'changed' WHERE title = 'linz'");
    await refuse(annotate(at("documents")), /run\.json: expected a run with source = /);
    change("DELETE FROM documents WHERE title = 'linz'");
    await refuse(
      annotate(at("documents")),
      /documents: expected an article for every topic, under its name as title, got none for 1 of 2 \("linz"\)/,
    );
    await refuse(
      annotate(""),
      inOrder(
        /--knowledge: expected a JSONL file of rows \{title, text\} named as the topics, /,
        /or FActScore's SQLite database for --annotator factscore, got none/,
      ),
    );
  },
);
