/** The table of objectives in lib/align/objective/README.md is that of the registry; UPDATE=1 writes it. */
import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { objectivesTable } from "../../../lib/align/tables";
import { projectRoot } from "../../../lib/base/files";
import { toMarkdown } from "../../../lib/show/table";

test("every objective stands in the table as the registry has it", () => {
  const file = path.join(projectRoot, "lib/align/objective/README.md");
  const before = readFileSync(file, "utf8");
  const now = before.replace(/(<!-- objectives -->\n)[^]*(<!-- end -->)/, (_, start: string, end: string) => {
    return `${start}${toMarkdown(objectivesTable())}\n${end}`;
  });
  if (process.env["UPDATE"] === "1") writeFileSync(file, now);
  else assert.equal(before, now);
});
