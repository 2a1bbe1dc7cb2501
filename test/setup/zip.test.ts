/** Unpacking of wheels: chosen members, whole or not at all. */
import assert from "node:assert/strict";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import test from "node:test";
import { pathToFileURL } from "node:url";
import zlib from "node:zlib";
import { projectRoot } from "../../lib/base/files";
import { scratchFolder } from "../notebook/scratch";

type Unzip = (
  file: string,
  wanted: (name: string) => boolean,
  folder: string,
) => Promise<{ name: string; size: number }[]>;

const load = async () =>
  ((await import(pathToFileURL(path.join(projectRoot, "lib/setup/zip.mjs")).href)) as { unzip: Unzip }).unzip;

/** CRC-32 bit by bit, independent of the code under test. */
function crc32(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1;
  }
  return ~crc >>> 0;
}

/** A zip file of deflated members. */
function zip(members: Record<string, string>): Buffer {
  const locals: Buffer[] = [];
  const entries: Buffer[] = [];
  let offset = 0;
  for (const [name, text] of Object.entries(members)) {
    const [data, packed] = [Buffer.from(text), zlib.deflateRawSync(text)];
    const common = Buffer.alloc(26);
    common.writeUInt16LE(20, 0);
    common.writeUInt16LE(8, 4);
    common.writeUInt32LE(crc32(data), 10);
    common.writeUInt32LE(packed.length, 14);
    common.writeUInt32LE(data.length, 18);
    common.writeUInt16LE(name.length, 22);
    const tail = Buffer.alloc(14);
    tail.writeUInt32LE(offset, 10);
    locals.push(Buffer.from("PK\x03\x04"), common, Buffer.from(name), packed);
    entries.push(Buffer.from("PK\x01\x02"), Buffer.from([20, 0]), common, tail, Buffer.from(name));
    offset += 30 + name.length + packed.length;
  }
  const directory = Buffer.concat(entries);
  const end = Buffer.alloc(22);
  end.write("PK\x05\x06", "latin1");
  end.writeUInt32LE(directory.length, 12);
  end.writeUInt32LE(offset, 16);
  return Buffer.concat([...locals, directory, end]);
}

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
