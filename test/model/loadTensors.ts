/** Tensors of a folder, to be changed. */
import { type HostTensor, readSafetensors } from "../../lib/model/safetensors/safetensors";

export function load(dir: string): Map<string, HostTensor> {
  const reader = readSafetensors(dir);
  return new Map(reader.names.map((name) => [name, reader.get(name)]));
}
