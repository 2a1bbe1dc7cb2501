/** FActScore's golden database, and databases made here. */
import { readFileSync } from "node:fs";
import path from "node:path";
import type { TestContext } from "node:test";
import { Database } from "node-sqlite3-wasm";
import { scratch } from "../../golden/fixtures";
import { goldenPath, readGolden } from "../../golden/golden";

interface Golden {
  articles: { title: string; passages: string[] }[];
  prompts: { topic: string; fact: string; nearest: number[]; prompt: string }[];
}
export const { articles, prompts } = readGolden<Golden>("knowledge", "vectors.json");
export const file = goldenPath("knowledge", "documents.db");
export const bytes = readFileSync(file);
export const passagesOf = new Map(articles.map(({ title, passages }) => [title, passages]));
export const ranked = new Set(prompts.map(({ topic }) => topic));

/** A folder for what the reader leaves, which must be nothing. */
export function ownTmp(t: TestContext): string {
  const dir = scratch(t);
  const before = process.env["TMPDIR"];
  process.env["TMPDIR"] = dir;
  t.after(() => {
    if (before === undefined) delete process.env["TMPDIR"];
    else process.env["TMPDIR"] = before;
  });
  return dir;
}

/** A database of this SQL. */
export function made(t: TestContext, sql: string): string {
  const name = path.join(scratch(t), "made.db");
  const database = new Database(name);
  database.exec(sql);
  database.close();
  return name;
}
