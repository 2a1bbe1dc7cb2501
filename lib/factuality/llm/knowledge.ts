/**
 * FActScore's knowledge source: articles by title, cut into passages, of which a query gets the nearest ones.
 * Rows {title, text}, `text` a string or a list of paragraphs; the file may be of any size, since only the articles of
 * the topics asked for are kept.
 *
 * deviates from official: JSONL for SQLite; passages of 180 words for 256 RoBERTa tokens; BM25 for GTR embeddings.
 */
import { createReadStream } from "node:fs";
import { createInterface } from "node:readline";
import { z } from "zod";
import { UserError, brief } from "../../base/check";
import { parseJson, parseRow } from "../../base/jsonl";
import { bm25, words } from "./bm25";

const articleSchema = z.object({ title: z.string().min(1), text: z.union([z.string(), z.array(z.string())]) }).strict();

const passageWords = 180;
/** Passages given with a fact, as in the official code. */
const nearest = 5;

export interface Passage {
  title: string;
  text: string;
}

export class Knowledge {
  private constructor(private readonly articles: ReadonlyMap<string, readonly { passage: Passage; words: string[] }[]>) {}

  /** Reads the articles of these titles. @throws UserError with file:line for a bad row, or where a title has no article */
  static async read(file: string, titles: ReadonlySet<string>): Promise<Knowledge> {
    const articles = new Map<string, { passage: Passage; words: string[] }[]>();
    let line = 0;
    try {
      for await (const text of createInterface({ input: createReadStream(file, "utf8"), crlfDelay: Infinity })) {
        const where = `${file}:${++line}`;
        if (text.trim() === "") continue;
        const article = parseRow(articleSchema, parseJson(text, where), where);
        if (titles.has(article.title) && !articles.has(article.title)) articles.set(article.title, passagesOf(article).map((passage) => ({ passage, words: words(passage.text) })));
      }
    } catch (error) {
      if (error instanceof UserError) throw error;
      throw new UserError({ where: file, expected: "a readable file", got: (error as NodeJS.ErrnoException).code ?? String(error), fix: "Check the path." });
    }
    const without = [...titles].filter((title) => !articles.get(title)?.length);
    if (without.length > 0) throw new UserError({ where: file, expected: "an article for every topic, under its name as title", got: `none for ${without.length} of ${titles.size} (${without.slice(0, 3).map((title) => brief(title)).join(", ")}${without.length > 3 ? ", …" : ""})`, fix: "Add them, or leave these questions out." });
    return new Knowledge(articles);
  }

  /** The passages of a topic nearest to a fact, nearest first. */
  passages(topic: string, fact: string): Passage[] {
    const article = this.articles.get(topic)!;
    const scores = bm25(words(`${topic} ${fact}`), article.map((entry) => entry.words));
    const order = article.map((_, i) => i).sort((i, j) => scores[j]! - scores[i]! || i - j);
    return order.slice(0, nearest).map((i) => article[i]!.passage);
  }
}

function passagesOf({ title, text }: z.infer<typeof articleSchema>): Passage[] {
  const all = [text].flat().join(" ").split(/\s+/).filter(Boolean);
  return Array.from({ length: Math.ceil(all.length / passageWords) }, (_, i) => ({ title, text: all.slice(i * passageWords, (i + 1) * passageWords).join(" ") }));
}
