/** Readers with a fault each, which the fuzzer must find, and one without. */
import { writeFileSync } from "node:fs";
import path from "node:path";
import { UserError } from "../../lib/base/check";
import type { Target } from "./target";

const reader = (name: string, read: Target["read"]): Target => ({
  name,
  prepare: (dir) => writeFileSync(path.join(dir, "a.txt"), "some text"),
  files: { "a.txt": "text" },
  read,
});

export const targets: readonly Target[] = [
  reader("refuses", () => {
    throw new UserError({ where: "a.txt", expected: "a text", got: "another", fix: "Change it." });
  }),
  reader("throws", () => {
    throw new TypeError("x is undefined");
  }),
  reader("rejects later", () => void Promise.reject(new Error("nobody waits"))),
  reader("hangs", () => {
    for (;;);
  }),
  reader("dies", () => process.exit(3)),
];
