/** Files through links, into devices and pipes; folders that are somebody else's; outputs that are inputs. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import fs from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { z } from "zod";
import { isStream, makeFolder, realTarget, writeFileAtomic } from "../../lib/base/files";
import {
  checkShared,
  claimNames,
  folderRecord,
  holds,
  writeFilesInto,
  writeFolderAtomic,
} from "../../lib/base/folders";
import { checkFolder } from "../../lib/base/folders";
import { JsonlLog } from "../../lib/base/jsonl";
import { refuseInputs } from "../../lib/base/outputs";
import { claimBeside } from "../../lib/base/runFolder";
import { linesOf, readText } from "../../lib/base/textFile";
import { scratch, userError } from "../golden/fixtures";

const posix = process.platform === "win32" ? "there are no devices and pipes of this kind" : false;
const read = (file: string): string => fs.readFileSync(file, "utf8");

test("a link stays a link, and what it leads to gets the content, there already or not", { skip: posix }, (t) => {
  const dir = scratch(t);
  const at = (name: string): string => path.join(dir, name);
  fs.mkdirSync(at("far"));
  fs.writeFileSync(at("far/kept.txt"), "old");
  fs.symlinkSync("far/kept.txt", at("kept"));
  fs.symlinkSync("far/made.txt", at("dangling"));
  fs.symlinkSync("dangling", at("twice"));
  writeFileAtomic(at("kept"), "new");
  writeFileAtomic(at("twice"), "made");
  assert.deepEqual([read(at("far/kept.txt")), read(at("far/made.txt"))], ["new", "made"]);
  for (const name of ["kept", "dangling", "twice"]) assert.ok(fs.lstatSync(at(name)).isSymbolicLink(), name);
  assert.deepEqual(fs.readdirSync(at("far")).sort(), ["kept.txt", "made.txt"]);
  assert.equal(realTarget(at("twice")), fs.realpathSync(at("far/made.txt")));
  fs.symlinkSync("far", at("folder"));
  writeFolderAtomic(at("folder/sub"), noCheck, (next) => writeFileAtomic(path.join(next, "a"), "1"));
  assert.ok(fs.existsSync(at("far/sub/a")));
  assert.throws(
    () => writeFileAtomic(at("far"), "x"),
    userError(/far: expected a file, or nothing there yet, got a folder/),
  );
});

const noCheck = (): void => undefined;

test("a device is written to and stays one; nothing is left beside it", { skip: posix }, () => {
  writeFileAtomic("/dev/null", "lost");
  const log = new JsonlLog("/dev/null", z.object({ n: z.number() }));
  log.append([{ n: 1 }]);
  log.close();
  assert.ok(fs.statSync("/dev/null").isCharacterDevice() && isStream("/dev/null"));
  const dir = claimBeside("/dev/null", { seed: 1 });
  assert.ok(!dir.startsWith("/dev/"), dir);
  for (const name of ["/dev/null.run", "/dev/null.mask-dpo-lock", `/dev/null.${process.pid}.tmp`])
    assert.ok(!fs.existsSync(name), name);
});

test("rows reach whoever reads a named pipe", { skip: posix }, (t) => {
  const pipe = path.join(scratch(t), "pipe");
  if (spawnSync("mkfifo", [pipe]).status !== 0) return t.skip("there is no mkfifo");
  const reader = fs.openSync(pipe, fs.constants.O_RDONLY | fs.constants.O_NONBLOCK);
  writeFileAtomic(pipe, "a\nb\n");
  const bytes = Buffer.alloc(16);
  assert.equal(bytes.toString("utf8", 0, fs.readSync(reader, bytes)), "a\nb\n");
  fs.closeSync(reader);
  assert.ok(fs.statSync(pipe).isFIFO());
  assert.throws(() => readText(pipe), userError(/pipe: expected a readable file, got a pipe/));
  assert.throws(() => [...linesOf("/dev/zero")], userError(/expected a readable file, got a device/));
});

test("text: a byte order mark is none of it, bytes that are no UTF-8 are named with their line", (t) => {
  const file = path.join(scratch(t), "rows.jsonl");
  fs.writeFileSync(
    file,
    Buffer.concat([Buffer.from("\uFEFFone\ntwo\n"), Buffer.from([0x74, 0xff]), Buffer.from("\n")]),
  );
  const lines = linesOf(file);
  assert.deepEqual(
    [lines.next().value, lines.next().value],
    [
      { text: "one", number: 1, end: 7, ended: true },
      { text: "two", number: 2, end: 11, ended: true },
    ],
  );
  assert.throws(() => lines.next(), userError(/rows\.jsonl:3: expected text in UTF-8/));
  const long = "ü".repeat(3 << 20); // begins in one piece and ends in another, in the middle of a letter
  fs.writeFileSync(file, `x\n${long}\n\ny`);
  assert.deepEqual(
    [...linesOf(file)].map(({ text, ended }) => [text.length, ended]),
    [
      [1, true],
      [long.length, true],
      [0, true],
      [1, false],
    ],
  );
});

test("only what the record names is replaced, and the record is of what is there", (t) => {
  const dir = path.join(scratch(t), "out");
  const check = (folder: string): void => checkFolder(folder, "ours");
  const write = (text: string) =>
    writeFolderAtomic(dir, check, (next) => writeFileAtomic(path.join(next, "a/b"), text));
  const files = write("one");
  assert.deepEqual(
    Object.entries(files).map(([name, { bytes }]) => [name, bytes]),
    [["a/b", 3]],
  );
  assert.ok(holds(dir, files));
  write("two");
  assert.ok(!holds(dir, files));
  for (const name of ["src/mine.ts", "a/c", "empty/"]) {
    const stray = path.join(dir, name);
    makeFolder(name.endsWith("/") ? stray : path.dirname(stray));
    if (!name.endsWith("/")) fs.writeFileSync(stray, "mine");
    assert.throws(
      () => write("three"),
      userError(/got a folder of other files: mask-dpo-files\.json in it names no "/),
    );
    assert.ok(fs.existsSync(stray));
    fs.rmSync(path.join(dir, name.split("/")[0] === "a" ? "a/c" : name.split("/")[0]!), { recursive: true });
  }
  for (const spoil of ["", "twx"]) {
    const good = write("two");
    fs.writeFileSync(path.join(dir, "a/b"), spoil);
    assert.ok(!holds(dir, good), `"${spoil}" passes for "two"`);
  }
});

test("files beside others: each replaces only its own earlier self", (t) => {
  const dir = scratch(t);
  fs.writeFileSync(path.join(dir, "train.py"), "theirs");
  const into = (...names: string[]): void => writeFilesInto(dir, new Map(names.map((name) => [name, "ours"])));
  assert.throws(() => into("rows.jsonl", "train.py"), userError(/train\.py: expected nothing there, or what mask-dpo/));
  assert.deepEqual([fs.readdirSync(dir), read(path.join(dir, "train.py"))], [["train.py"], "theirs"]);
  assert.throws(() => checkShared(dir, "an export"), userError(/got a folder of other files/));
  into("rows.jsonl");
  into("rows.jsonl", "more.jsonl");
  checkShared(dir, "an export");
  assert.deepEqual(fs.readdirSync(dir).sort(), [folderRecord, "more.jsonl", "rows.jsonl", "train.py"].sort());
  assert.throws(() => claimNames(dir, ["train.py"]), userError(/train\.py: expected nothing there/));
});

test("an output that is an input is one by any of its names", { skip: posix }, (t) => {
  const dir = scratch(t);
  const at = (name: string): string => path.join(dir, name);
  fs.mkdirSync(at("folder"));
  fs.writeFileSync(at("rows"), "");
  fs.symlinkSync("rows", at("soft"));
  fs.linkSync(at("rows"), at("hard"));
  fs.symlinkSync("folder", at("link"));
  for (const [output, input] of [
    ["rows", "rows"],
    ["./folder/../rows", "rows"],
    ["soft", "rows"],
    ["rows", "soft"],
    ["hard", "rows"],
    ["link", "folder"],
    ["folder/new", "link/new"],
  ])
    assert.throws(() => refuseInputs([path.resolve(dir, output!)], [at("other"), at(input!)]), userError(/of its own/));
  refuseInputs([at("new"), "/dev/null"], [at("rows"), at("folder"), "/dev/null"]);
});
