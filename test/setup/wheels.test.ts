/** Whatever a set-up may fetch is written down with its hash, and a library that was spoilt is noticed. */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import test from "node:test";
import { pathToFileURL } from "node:url";
import { projectRoot } from "../../lib/base/files";
import { scratchFolder } from "../notebook/scratch";

interface Wheel {
  name: string;
  version: string;
  sha256: string;
}
interface Wheels {
  wheelsFor: (machine: { platform: string; arch: string; gpu: boolean }) => (Wheel & { unpacked?: string })[];
}
interface Unpacked {
  unpackedHash: (folder: string, names: string[]) => string;
}
const load = async <T>(name: string): Promise<T> =>
  (await import(pathToFileURL(path.join(projectRoot, "lib/setup", name)).href)) as T;

test("exact versions and hashes, on every machine that native TensorFlow can be had for", async () => {
  const { wheelsFor } = await load<Wheels>("wheels.mjs");
  const machines = [
    ["linux", "x64", false, 1],
    ["linux", "x64", true, 9],
    ["linux", "arm64", false, 1],
    ["darwin", "arm64", false, 1],
    ["linux", "arm64", true, 0],
    ["darwin", "x64", false, 0],
    ["win32", "x64", false, 0],
  ] as const;
  const seen = new Set<string>();
  for (const [platform, arch, gpu, count] of machines) {
    const wheels = wheelsFor({ platform, arch, gpu });
    assert.equal(wheels.length, count, `${platform} ${arch}`);
    if (count > 0) assert.match(wheels[0]!.unpacked!, /^[0-9a-f]{64}$/);
    for (const { name, version, sha256 } of wheels) {
      assert.match(`${name}==${version}`, /^(tensorflow(-cpu)?|nvidia-[a-z-]+-cu12)==\d+(\.\d+){2,3}$/);
      assert.match(sha256, /^[0-9a-f]{64}$/);
      seen.add(sha256);
    }
  }
  assert.equal(seen.size, 12);
});

test("the hash of what was unpacked is of names and contents, not of sizes", async () => {
  const { unpackedHash } = await load<Unpacked>("wheel.mjs");
  const folder = scratchFolder();
  mkdirSync(path.join(folder, "lib"));
  const write = (name: string, text: string): void => writeFileSync(path.join(folder, name), text);
  const sum = (text: string): string => createHash("sha256").update(text).digest("hex");
  write("lib/b.so", "bb");
  write("a.h", "a");
  const whole = unpackedHash(folder, ["lib/b.so", "a.h"]);
  assert.equal(whole, sum(`${sum("a")}  a.h\n${sum("bb")}  lib/b.so\n`));
  write("lib/b.so", "bc");
  assert.notEqual(unpackedHash(folder, ["a.h", "lib/b.so"]), whole);
  assert.notEqual(unpackedHash(folder, ["a.h"]), whole);
  assert.doesNotThrow(() => unpackedHash(folder, ["gone"]));
});

test("every package has a hash in the lock file", () => {
  const lock = JSON.parse(readFileSync(path.join(projectRoot, "package-lock.json"), "utf8")) as {
    packages: Record<string, { integrity?: string; link?: boolean }>;
  };
  for (const [name, { integrity }] of Object.entries(lock.packages))
    if (name !== "") assert.match(integrity ?? "", /^sha512-/, `${name} has no hash in package-lock.json`);
});
