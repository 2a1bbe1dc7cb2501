/** Questions as the steps read them: of a file, or Atlas's. */
import { brief, UserError } from "../base/check";
import { readJsonl } from "../base/jsonl";
import { type Question, questionSchema } from "../factuality/records";
import { loadAtlas } from "./atlas";

/** Questions of a file, or every question of Atlas. */
export function questionsOf(file?: string): Question[] {
  if (!file) return Object.values(loadAtlas().splits).flat();
  const rows = readJsonl(file, questionSchema);
  const ids = new Set<string>();
  for (const { id } of rows) {
    if (ids.has(id))
      throw new UserError({
        where: file,
        expected: "every question id once",
        got: `${brief(id)} twice`,
        fix: "Give each question its own id.",
      });
    ids.add(id);
  }
  return rows;
}
