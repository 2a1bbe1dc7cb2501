/** Folders that live as long as one test, ways to spoil them, and the error that must follow. */
import assert from "node:assert/strict";
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import type { TestContext } from "node:test";
import { UserError } from "../../lib/base/check";
import { goldenPath } from "./golden";

/** An empty folder, removed when the test ends. */
export function scratch(t: TestContext): string {
  const dir = mkdtempSync(path.join(os.tmpdir(), "mask-dpo-test-"));
  t.after(() => rmSync(dir, { recursive: true, force: true }));
  return dir;
}

/** A copy of a golden folder that a test may spoil. */
export function scratchCopy(t: TestContext, ...golden: string[]): string {
  const dir = path.join(scratch(t), "copy");
  cpSync(goldenPath(...golden), dir, { recursive: true });
  return dir;
}

/** Changes a JSON file in place. */
export function editJson(file: string, edit: (value: Record<string, unknown>) => void): void {
  const value = JSON.parse(readFileSync(file, "utf8")) as Record<string, unknown>;
  edit(value);
  writeFileSync(file, JSON.stringify(value));
}

/** One pattern of several, one after the other: a long message over several lines. */
export function inOrder(...parts: readonly RegExp[]): RegExp {
  return new RegExp(parts.map(({ source }) => source).join(""));
}

/** For `assert.throws`: a UserError whose message matches. */
export function userError(message: RegExp): (error: unknown) => boolean {
  return (error) => {
    assert.ok(error instanceof UserError, String(error));
    assert.match(error.message, message);
    return true;
  };
}

/** What is said on stderr from now on, until the test ends. */
export function heard(t: TestContext): () => string {
  const { mock } = t.mock.method(process.stderr, "write", () => true);
  return () => mock.calls.map(({ arguments: [text] }) => String(text)).join("");
}
