/** Published chat templates (test/golden/chat) rendered byte for byte as transformers does, refusals included. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { renderChat } from "../../lib/text/chat";
import type { Message } from "../../lib/text/message";
import { loadTokenizer } from "../../lib/text/tokenizer";
import { userError } from "../golden/fixtures";
import { goldenPath, readGolden } from "../golden/golden";

interface Case {
  messages: Message[];
  text?: string;
  error?: string;
}
type Vectors = Record<string, Case[]> & { now: string };

const { now, versions: _, ...templates } = readGolden<Vectors & { versions: unknown }>("chat", "vectors.json");
const tokenizer = loadTokenizer(goldenPath("text", "llama3"));
const escaped = (text: string) => text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");

for (const [name, cases] of Object.entries(templates as Record<string, Case[]>)) {
  test(name, (t) => {
    t.mock.timers.enable({ apis: ["Date"], now: new Date(now) });
    const chatTemplate = readFileSync(goldenPath("chat", `${name}.jinja`), "utf8");
    for (const { messages, text, error } of cases) {
      const rendered = () => renderChat({ ...tokenizer, chatTemplate } as typeof tokenizer, messages);
      if (error === undefined) assert.equal(rendered(), text);
      else assert.throws(rendered, userError(new RegExp(escaped(error))));
    }
  });
}
