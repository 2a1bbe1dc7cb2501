/**
 * FActScore's knowledge source: articles by title, as passages, of which a query gets the nearest ones. Either JSONL
 * rows {title, text}, `text` a string or a list of paragraphs, or the official SQLite database with its own passages.
 * The file may be of any size, since only the articles of the topics asked for are kept. A title is that of a topic
 * also where one is composed (NFC) and the other is not.
 *
 * deviates from official: rows are cut into passages of 180 words for 256 RoBERTa tokens; BM25 for GTR embeddings.
 */
import { closeSync, readSync } from "node:fs";
import { z } from "zod";
import { chunks } from "../../base/collections";
import { UserError, brief } from "../../base/check";
import { breathe } from "../../base/progress";
import { hashOf } from "../../base/hash";
import { parseJson, parseRow } from "../../base/jsonl";
import { openToRead, linesOf } from "../../base/textFile";
import { bm25, words } from "./bm25";
import { databaseArticles } from "./documentDb";

const articleSchema = z.object({ title: z.string().min(1), text: z.union([z.string(), z.array(z.string())]) }).strict();

const passageWords = 180;
/** Passages given with a fact, as in the official code. */
const nearest = 5;

export interface Passage {
  title: string;
  text: string;
}

/** First bytes of an SQLite database. */
const magic = Buffer.from("SQLite format 3\0");

export class Knowledge {
  /** Of all passages of the topics asked for, the same whatever file they are from. */
  readonly hash: string;
  private readonly articles: ReadonlyMap<string, readonly { text: string; words: string[] }[]>;

  private constructor(texts: ReadonlyMap<string, readonly string[]>) {
    this.hash = hashOf(Object.fromEntries([...texts].map(([title, passages]) => [title, hashOf(passages)])));
    this.articles = new Map(
      [...texts].map(([title, passages]) => [title, passages.map((text) => ({ text, words: words(text) }))]),
    );
  }

  /**
   * Reads the articles of these titles.
   * @throws UserError with file:line for a bad row, for a bad database, or where a title has no article
   */
  static async read(file: string, titles: ReadonlySet<string>): Promise<Knowledge> {
    await breathe(); // what follows may take seconds
    const texts = new Map<string, string[]>();
    const articles = isDatabase(file) ? databaseArticles(file, titles) : rowArticles(file, titles);
    for (const { title, passages } of articles) if (!texts.has(title)) texts.set(title, passages);
    const without = [...titles].filter((title) => !texts.get(title)?.length);
    if (without.length > 0)
      throw new UserError({
        where: file,
        expected: "an article for every topic, under its name as title",
        got: `none for ${without.length} of ${titles.size} (${without
          .slice(0, 3)
          .map((title) => brief(title))
          .join(", ")}${without.length > 3 ? ", …" : ""})`,
        fix: "Add them, or leave these questions out.",
      });
    return new Knowledge(texts);
  }

  /** The passages of a topic nearest to a fact, nearest first. */
  passages(topic: string, fact: string): Passage[] {
    const article = this.articles.get(topic)!;
    const scores = bm25(
      words(`${topic} ${fact}`),
      article.map((passage) => passage.words),
    );
    const order = article.map((_, i) => i).sort((i, j) => scores[j]! - scores[i]! || i - j);
    return order.slice(0, nearest).map((i) => ({ title: topic, text: article[i]!.text }));
  }
}

function isDatabase(file: string): boolean {
  const head = Buffer.alloc(magic.length);
  const fd = openToRead(file);
  try {
    readSync(fd, head);
  } finally {
    closeSync(fd);
  }
  return head.equals(magic);
}

function* rowArticles(file: string, titles: ReadonlySet<string>): Generator<{ title: string; passages: string[] }> {
  const composed = new Map([...titles].map((title) => [title.normalize(), title]));
  for (const { text: row, number } of linesOf(file)) {
    const where = `${file}:${number}`;
    if (row.trim() === "") continue;
    const { title, text } = parseRow(articleSchema, parseJson(row, where), where);
    const asked = titles.has(title) ? title : composed.get(title.normalize());
    if (asked !== undefined) yield { title: asked, passages: passagesOf(text) };
  }
}

function passagesOf(text: string | string[]): string[] {
  const all = [text].flat().join(" ").split(/\s+/).filter(Boolean);
  return chunks(all, passageWords).map((words) => words.join(" "));
}
