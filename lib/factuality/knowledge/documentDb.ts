/**
 * FActScore's knowledge source as it is published (enwiki-20230401.db): an SQLite database with a table documents
 * (title, text), each text being passages of at most 256 RoBERTa tokens, `<s>` and `</s>` left in, with a separator
 * between them (github.com/shmsw25/FActScore, factscore/retrieval.py, DocDB). Only the pages that hold an article are
 * read.
 */
import { existsSync, mkdtempSync, rmSync, statSync, symlinkSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import type * as Sqlite from "node-sqlite3-wasm";
import { UserError } from "../../base/check";

const separator = "####SPECIAL####SEPARATOR####";
/** As bytes both ways: the package cuts strings at a NUL. */
const query = "SELECT CAST(text AS BLOB) AS text FROM documents WHERE title = CAST(? AS TEXT)";

/**
 * The articles of these titles, as far as there are any.
 * @throws UserError for another database or a damaged one, or as `linkTo`
 */
export function* databaseArticles(
  file: string,
  titles: Iterable<string>,
): Generator<{ title: string; passages: string[] }> {
  // The package locks a database by making a folder beside it, even to read: opened through a link of our own, it can
  // be read by many at once, where nothing may be written, and after a reader was killed.
  const { folder, link } = linkTo(file);
  let database: Sqlite.Database | undefined;
  try {
    const sqlite = require("node-sqlite3-wasm") as typeof Sqlite; // here: its WebAssembly would slow down every verb
    // By the link's name SQLite would not see that a writer was killed.
    if (existsSync(`${file}-journal`)) throw new Error(`one whose writing has not ended (${file}-journal)`);
    database = new sqlite.Database(link, { readOnly: true });
    // SQLite notices pages that are missing, but fills up one that is cut with zeros.
    const { size } = statSync(file);
    const pageSize = Number(database.get("PRAGMA page_size")?.page_size);
    if (size % pageSize !== 0) throw new Error(`${size} bytes, no whole number of pages of ${pageSize}`);
    for (const title of titles) {
      const names = new Set([title, title.normalize("NFC"), title.normalize("NFD")]);
      const found = [...names].map((name) => database!.get(query, [Buffer.from(name)])?.text);
      const text = found.find((value) => value instanceof Uint8Array);
      if (text instanceof Uint8Array) yield { title, passages: passagesOf(Buffer.from(text).toString()) };
    }
  } catch (error) {
    throw new UserError({
      where: file,
      expected: "an SQLite database with a table documents (title, text), as FActScore's",
      got: (error as Error).message,
      fix: "Check that the file is whole; one in WAL mode needs PRAGMA journal_mode = DELETE first.",
    });
  } finally {
    database?.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** A link to the file, alone in a folder of its own. @throws UserError where the system makes none */
function linkTo(file: string): { folder: string; link: string } {
  let folder: string | undefined;
  try {
    folder = mkdtempSync(path.join(os.tmpdir(), "mask-dpo-"));
    const link = path.join(folder, "documents.db");
    symlinkSync(path.resolve(file), link);
    return { folder, link };
  } catch (error) {
    if (folder !== undefined) rmSync(folder, { recursive: true, force: true });
    throw new UserError({
      where: os.tmpdir(),
      expected: "a folder in which a symbolic link to the database can be made",
      got: (error as Error).message,
      fix:
        "Name another in TMPDIR; on Windows turn on developer mode, which allows links; " +
        "or give the articles as JSONL.",
    });
  }
}

/** None where there is no text in any. */
function passagesOf(text: string): string[] {
  const passages = text.split(separator).map((passage) => passage.replaceAll("<s>", "").replaceAll("</s>", ""));
  return passages.every((passage) => passage.trim() === "") ? [] : passages;
}
