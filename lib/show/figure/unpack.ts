/**
 * The Chromium inside the npm package @sparticuz/chromium, unpacked once per version into the user's cache.
 * The package's own JavaScript is not used: it unpacks to a fixed path in the temporary folder.
 */
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import path from "node:path";
import { brotliDecompressSync } from "node:zlib";

/** @returns program and its shared libraries, or why this machine has none */
export function bundledChromium(): { program: string; libraries: string } | { missing: string } {
  if (process.platform !== "linux" || process.arch !== "x64")
    return { missing: `the bundled Chromium is for Linux on x64, not ${process.platform} on ${process.arch}` };
  const root = packageRoot();
  if (root === undefined) return { missing: "the package @sparticuz/chromium is not installed" };
  const version = (JSON.parse(readFileSync(path.join(root, "package.json"), "utf8")) as { version: string }).version;
  const cache = path.join(process.env.XDG_CACHE_HOME || path.join(homedir(), ".cache"), "mask-dpo-lab");
  const dir = path.join(cache, `chromium-${version}`);
  if (!existsSync(dir)) unpack(path.join(root, "bin"), dir);
  return { program: path.join(dir, "chromium"), libraries: path.join(dir, "lib") };
}

/** The package's folder; its package.json is not among its exports, so it is found from its entry. */
function packageRoot(): string | undefined {
  try {
    const entry = require.resolve("@sparticuz/chromium");
    return entry.slice(0, entry.lastIndexOf(`${path.sep}build${path.sep}`));
  } catch {
    return undefined;
  }
}

/**
 * Unpacks beside the target and renames: a folder of the final name is complete, whoever else unpacks at the same time.
 */
function unpack(bin: string, dir: string): void {
  const tmp = `${dir}.${process.pid}.tmp`;
  try {
    mkdirSync(tmp, { recursive: true });
    untar(brotliDecompressSync(readFileSync(path.join(bin, "al2023.tar.br"))), tmp);
    writeFileSync(path.join(tmp, "chromium"), brotliDecompressSync(readFileSync(path.join(bin, "chromium.br"))), {
      mode: 0o755,
    });
    renameSync(tmp, dir);
  } catch (error) {
    if (!existsSync(dir)) throw error;
  } finally {
    rmSync(tmp, { recursive: true, force: true });
  }
}

/** Plain files of a ustar archive; anything else in it is ignored. @throws Error for a path that leaves `dir` */
export function untar(archive: Uint8Array, dir: string): void {
  const field = (at: number, length: number): string =>
    Buffer.from(archive.subarray(at, at + length))
      .toString()
      .replace(/\0[^]*$/, "");
  for (let at = 0; at + 512 <= archive.length && archive[at] !== 0;) {
    const name = field(at, 100);
    const size = Number.parseInt(field(at + 124, 12), 8) || 0;
    const file = path.resolve(dir, name);
    if (!file.startsWith(path.resolve(dir) + path.sep))
      throw new Error(`untar: expected a path inside the folder, got ${name}`);
    if (archive[at + 156] === 0x30) {
      mkdirSync(path.dirname(file), { recursive: true });
      writeFileSync(file, archive.subarray(at + 512, at + 512 + size));
    }
    at += 512 + Math.ceil(size / 512) * 512;
  }
}
