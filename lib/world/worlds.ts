/**
 * Atlas as it is asked, and the base that is aligned in it. `atlas` is what notebooks 00 to 13 are about. The base of
 * `free` and `fixed` was pretrained on both kinds of questions; in `fixed` they say which facts to state.
 */
import { existsSync } from "node:fs";
import path from "node:path";
import { UserError } from "../base/check";
import type { Asking } from "./agenda";
import { atlasFolder } from "./facts";

export const worldNames = ["atlas", "free", "fixed"] as const;
export type WorldName = (typeof worldNames)[number];

export const worlds = {
  atlas: { base: "base", asking: "free" },
  free: { base: "both", asking: "free" },
  fixed: { base: "both", asking: "fixed" },
} as const satisfies Record<WorldName, { base: string; asking: Asking }>;

/** Folder of a world's base. @throws UserError where it is not there */
export function baseFolder(name: (typeof worlds)[WorldName]["base"], folder = atlasFolder): string {
  const dir = path.join(folder, name);
  if (existsSync(path.join(dir, "config.json"))) return dir;
  throw new UserError({
    where: dir,
    expected: "the base of this world",
    got: "nothing",
    fix: `Pretrain it: node lib/cli/mask-dpo.mjs world pretrain --base ${name}`,
  });
}
