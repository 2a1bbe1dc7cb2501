/** Unpacking of wheels: chosen members, whole or not at all. */
import assert from "node:assert/strict";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import test from "node:test";
import { pathToFileURL } from "node:url";
import { projectRoot } from "../../lib/base/files";
import { scratchFolder } from "../notebook/scratch";
import { zip } from "./zip";

type Unzip = (
  file: string,
  wanted: (name: string) => boolean,
  folder: string,
) => Promise<{ name: string; size: number }[]>;

const load = async () =>
  ((await import(pathToFileURL(path.join(projectRoot, "lib/setup/zip.mjs")).href)) as { unzip: Unzip }).unzip;

test("only the wanted members come out, whole; damage and foreign paths are refused", async () => {
  const unzip = await load();
  const folder = scratchFolder();
  const file = path.join(folder, "a.zip");
  const text = "library ".repeat(5000);
  const bytes = zip({ "a/lib.so.2": text, "a/skip.py": "print(1)" });
  writeFileSync(file, bytes);
  assert.deepEqual(await unzip(file, (name) => name.endsWith(".2"), folder), [
    { name: "a/lib.so.2", size: text.length },
  ]);
  assert.equal(readFileSync(path.join(folder, "a/lib.so.2"), "utf8"), text);
  assert.ok(!existsSync(path.join(folder, "a/skip.py")));

  const damaged = Buffer.from(bytes);
  const crcInDirectory = damaged.lastIndexOf("PK\x01\x02", damaged.lastIndexOf("a/lib.so.2")) + 16;
  damaged[crcInDirectory]! ^= 1;
  writeFileSync(file, damaged);
  await assert.rejects(
    unzip(file, (name) => name.endsWith(".2"), folder),
    /lib\.so\.2 in a\.zip is damaged/,
  );

  writeFileSync(file, zip({ "../outside": "x" }));
  await assert.rejects(
    unzip(file, () => true, path.join(folder, "inner")),
    /outside its folder/,
  );
  writeFileSync(file, "no zip");
  await assert.rejects(
    unzip(file, () => true, folder),
    /is not a zip file/,
  );
});
