/** What is written must not be what is read. */
import { statSync } from "node:fs";
import { UserError } from "./check";
import { isStream, realTarget } from "./files";

/**
 * @param outputs files or folders that will be replaced
 * @throws UserError where one is also an input, by whatever name
 */
export function refuseInputs(outputs: readonly string[], inputs: readonly string[]): void {
  for (const output of outputs) {
    if (isStream(output)) continue;
    const input = inputs.find((file) => isSame(output, file));
    if (input === undefined) continue;
    throw new UserError({
      where: output,
      expected: `an output ${isFolder(output) ? "folder" : "file"} of its own`,
      got: input === output ? "an input" : `${input}, an input, by another name`,
      fix: "Choose another output: this one would replace what is read.",
    });
  }
}

/** Through links of either kind, and where letters of either case name the same file. */
function isSame(a: string, b: string): boolean {
  if (realTarget(a) === realTarget(b)) return true;
  const [one, other] = [a, b].map((file) => statSync(file, { bigint: true, throwIfNoEntry: false }));
  return one !== undefined && other !== undefined && one.dev === other.dev && one.ino === other.ino;
}

function isFolder(file: string): boolean {
  return statSync(file, { throwIfNoEntry: false })?.isDirectory() === true;
}
