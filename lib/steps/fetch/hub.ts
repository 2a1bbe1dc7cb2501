/**
 * Checkpoints of the Hugging Face hub, as it or a mirror serves them: HF_ENDPOINT names another address, HF_TOKEN is
 * sent with every request. Kept by commit, so that what is there is never mixed with a later version.
 */
import path from "node:path";
import type { ListFileEntry } from "@huggingface/hub";
import { UserError, brief } from "../../base/check";
import { tokenizerFileNames } from "../../text/tokenizerFiles";
import { readCheckpointConfig } from "../../model/checkpoint";
import { weightFiles } from "../../model/safetensors/safetensors";
import { download, reason, Refused, request, type Digest } from "./download";

export interface Snapshot {
  /** Folder of the files in the cache. */
  folder: string;
  /** Names of the files, all directly in the folder. */
  files: string[];
  /** The commit they are of. */
  commit: string;
  /** As the model card has it. */
  licence: string;
  bytes: number;
}

const about = ["config.json", "generation_config.json", ...tokenizerFileNames] as const;

/**
 * Fetches what a checkpoint folder needs of a model's main branch: its configuration first, so that a model that is not
 * supported is refused before its weights come.
 * @param cache folder of models
 * @throws UserError for a model that is not there or may not be seen, has no safetensors or is not supported, and for
 * files that do not come
 */
export async function fetchFromHub(name: string, cache: string): Promise<Snapshot> {
  const hub = await import("@huggingface/hub");
  const hubUrl = (process.env.HF_ENDPOINT || hub.HUB_URL).replace(/\/+$/, "");
  const access = { hubUrl, accessToken: process.env.HF_TOKEN || undefined, fetch: request };
  const ask = async <T>(what: () => Promise<T>): Promise<T> => {
    try {
      return await what();
    } catch (error) {
      throw notHad(name, hubUrl, error instanceof hub.HubApiError ? error.statusCode : undefined, error);
    }
  };
  const { sha: commit, tags } = await ask(() => hub.modelInfo({ name, additionalFields: ["sha", "tags"], ...access }));
  if (!/^[0-9a-f]{40}$/.test(commit)) throw notHad(name, hubUrl, undefined, `commit ${brief(commit)}`);
  const listed = await ask(() => all(hub.listFiles({ repo: name, revision: commit, ...access })));
  const folder = path.join(cache, "hub", name.replace("/", "--"), commit);
  const files = wanted(name, listed);
  for (const { path: file, size, oid, lfs } of files) {
    const digest: Digest = lfs ? { sha256: lfs.oid } : { gitSha1: oid ?? "" };
    const at = { repo: name, path: file, revision: commit, ...access };
    await download({
      file: path.join(folder, file),
      bytes: lfs?.size ?? size,
      digest,
      open: async (from) => {
        try {
          const blob = await hub.downloadFile({ ...at, xet: false }); // by plain addresses, which go on from any byte
          if (!blob) throw new Refused(`${file} is not there`);
          return { stream: blob.slice(from).stream(), from };
        } catch (error) {
          if (error instanceof hub.HubApiError && error.statusCode < 500) throw new Refused(error.message);
          throw error;
        }
      },
    });
    if (file === "config.json") readCheckpointConfig(folder);
  }
  return {
    folder,
    files: files.map(({ path: file }) => file),
    commit,
    licence: tags?.find((tag) => tag.startsWith("license:"))?.slice(8) ?? "not stated",
    bytes: files.reduce((sum, { size }) => sum + size, 0),
  };
}

async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const list: T[] = [];
  for await (const item of items) list.push(item);
  return list;
}

/** Of all files of a model those that make a checkpoint folder, config.json first. */
function wanted(name: string, listed: readonly ListFileEntry[]): ListFileEntry[] {
  const files = new Map(listed.filter(({ type }) => type === "file").map((file) => [file.path, file]));
  const [single, index] = weightFiles;
  const shards = [...files.keys()].filter((file) => /^model-[\w.-]+\.safetensors$/.test(file));
  const weights = files.has(single) ? [single] : files.has(index) ? [index, ...shards] : [];
  if (files.has("config.json") && weights.length > 0)
    return [...about, ...weights].flatMap((file) => files.get(file) ?? []);
  const others = [...files.keys()].filter((file) => /\.(gguf|bin|pth?|safetensors)$/.test(file));
  throw new UserError({
    where: name,
    expected: `config.json and ${weightFiles.join(" or ")}`,
    got: brief(others.length > 0 ? others : [...files.keys()], 300),
    fix: others.some((file) => file.endsWith(".gguf"))
      ? "Download one of its GGUF files and run mask-dpo import-model FILE.gguf --out DIR."
      : "Fetch a model that is saved with safetensors.",
  });
}

function notHad(name: string, hubUrl: string, status: number | undefined, error: unknown): UserError {
  const closed = status === 401 || status === 403 || status === 404;
  return new UserError({
    where: name,
    expected: `a model that ${hubUrl} gives`,
    got: reason(error),
    fix: closed
      ? `Check the name; for a private or gated one accept its terms at ${hubUrl}/${name} and set HF_TOKEN.`
      : "Check the network; HF_ENDPOINT names another address of the hub or of a mirror.",
  });
}
