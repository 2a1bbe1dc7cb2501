/** Chat templates against transformers' rendering and ids (goldens), where they are read from, and bad ones. */
import assert from "node:assert/strict";
import { rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { describe, test } from "node:test";
import { renderChat } from "../../lib/text/chat";
import type { Message } from "../../lib/text/message";
import { promptIds } from "../../lib/text/prompt";
import { loadTokenizer } from "../../lib/text/tokenizer";
import { atlasFolder } from "../../lib/world/facts";
import { editJson, scratchCopy, userError } from "../golden/fixtures";
import { goldenPath, readGolden } from "../golden/golden";

interface Chats {
  chats: Record<
    string,
    { template: string; cases: { messages: Message[]; text?: string; ids?: number[]; error?: string }[] }
  >;
}
const hello: Message[] = [{ role: "user", content: "Hello" }];

for (const family of ["llama3", "qwen2", "llama2", "metaspace"]) {
  for (const [kind, { template, cases }] of Object.entries(readGolden<Chats>("text", family, "vectors.json").chats)) {
    test(`${family}, template "${kind}": text and ids as transformers renders them`, (t) => {
      const dir = scratchCopy(t, "text", family);
      writeFileSync(path.join(dir, "chat_template.jinja"), template);
      const tokenizer = loadTokenizer(dir);
      for (const { messages, text, ids, error } of cases) {
        if (error !== undefined) {
          assert.throws(() => promptIds(tokenizer, messages), userError(new RegExp(error)));
          continue;
        }
        assert.equal(renderChat(tokenizer, messages), text);
        assert.deepEqual(promptIds(tokenizer, messages), ids);
      }
    });
  }
}

describe("a template is read from", () => {
  const withConfig = (name: string, template: unknown, expected: string | undefined, keepFile = false) => {
    test(name, (t) => {
      const dir = scratchCopy(t, "text", "llama3");
      const file = path.join(dir, "chat_template.jinja");
      if (keepFile) writeFileSync(file, "from the file");
      else rmSync(file);
      editJson(path.join(dir, "tokenizer_config.json"), (c) => {
        c.chat_template = template;
      });
      assert.equal(loadTokenizer(dir).chatTemplate, expected);
    });
  };
  withConfig("tokenizer_config.json, as transformers 4 wrote it", "{{ bos_token }}", "{{ bos_token }}");
  withConfig(
    "the one named default",
    [
      { name: "tool_use", template: "no" },
      { name: "default", template: "yes" },
    ],
    "yes",
  );
  withConfig("nowhere, when there is none", null, undefined);
  withConfig("chat_template.jinja before the config", "from the config", "from the file", true);
});

describe("without a template", () => {
  test("the contents joined by newlines, one newline; a bos_token that is only named is not put in front", () => {
    const tokenizer = loadTokenizer(goldenPath("text", "plain"));
    const messages: Message[] = [
      { role: "system", content: "Be brief." },
      { role: "user", content: "Where is Lima?\n" },
    ];
    assert.notEqual(tokenizer.bosId, undefined);
    assert.deepEqual(promptIds(tokenizer, messages), tokenizer.encode("Be brief.\nWhere is Lima?\n\n").ids);
  });
  test("BOS where the tokenizer's own files put it: Atlas's, whose policies were pretrained with it", () => {
    const tokenizer = loadTokenizer(path.join(atlasFolder, "base"));
    assert.deepEqual(promptIds(tokenizer, hello), [1, ...tokenizer.encode("Hello\n").ids]);
  });
  test("renderChat says so", () => {
    assert.throws(
      () => renderChat(loadTokenizer(goldenPath("text", "plain")), hello),
      userError(/expected a chat template, got none/),
    );
  });
});

test("a template that does not parse, or calls what is not there, names the folder", (t) => {
  for (const template of ["{% for %}", "{{ no_such_function() }}"]) {
    const dir = scratchCopy(t, "text", "llama3");
    writeFileSync(path.join(dir, "chat_template.jinja"), template);
    assert.throws(
      () => renderChat(loadTokenizer(dir), hello),
      userError(/copy: expected a chat template that renders these messages/),
    );
  }
});

test("a template that renders nothing is refused, not run", (t) => {
  const dir = scratchCopy(t, "text", "llama3");
  writeFileSync(path.join(dir, "chat_template.jinja"), "{% if messages|length > 9 %}x{% endif %}");
  assert.throws(() => promptIds(loadTokenizer(dir), hello), userError(/a prompt of at least one token/));
});
