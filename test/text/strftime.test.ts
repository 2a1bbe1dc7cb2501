/** Dates in templates: Python's texts, and the same on every day. */
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { renderChat } from "../../lib/text/chat";
import { strftime } from "../../lib/text/strftime";
import { loadTokenizer } from "../../lib/text/tokenizer";
import { heard, scratchCopy } from "../golden/fixtures";
import { readGolden } from "../golden/golden";

test("every field and format as Python writes it", () => {
  const { dates } = readGolden<{ dates: { moment: string; texts: Record<string, string> }[] }>("dates.json");
  for (const { moment, texts } of dates)
    for (const [format, text] of Object.entries(texts))
      assert.equal(strftime(new Date(`${moment}Z`), format), text, `${format} of ${moment}`);
});

test("a template is told the same date on every day, and that is said once", (t) => {
  const said = heard(t);
  const dir = scratchCopy(t, "text", "llama3");
  const template =
    "{% if strftime_now is defined %}{{ strftime_now('%A %-d %B %Y') }}{% endif %}{{ messages[0].content }}";
  writeFileSync(path.join(dir, "chat_template.jinja"), template);
  t.mock.timers.enable({ apis: ["Date"], now: new Date("2031-10-05T23:59:59") });
  const tokenizer = loadTokenizer(dir);
  const rendered = () => renderChat(tokenizer, [{ role: "user", content: "!" }]);
  const first = rendered();
  t.mock.timers.setTime(new Date("2031-10-06T00:00:01").getTime());
  assert.deepEqual([first, rendered()], ["Tuesday 4 March 2025!", "Tuesday 4 March 2025!"]);
  assert.equal(said().match(/the chat template asks for the date, and is told 4 March 2025 on every day/g)!.length, 1);
});
