/**
 * What the set-up runs in a process of its own to try an engine: `engineProbe.ts <engine>`. Answers on descriptor 3,
 * line by line as it gets on, since an engine may end the process: first the engine, then what it computes wrongly.
 */
import { writeSync } from "node:fs";
import { switchEngine, type EngineName } from "../../engine/backend";
import { nativeBackend } from "../../engine/native";
import { checkEngine } from "./engineChecks";

/** @throws whatever the engine throws when it starts */
async function probe(engine: EngineName): Promise<void> {
  await switchEngine(engine);
  const native = nativeBackend();
  const version = native?.binding.TF_Version ?? "";
  const libraries = native ? tensorflowFiles() : [];
  answer({ version, gpu: Boolean(native?.isUsingGpuDevice), libraries });
  const failed = (await checkEngine(engine)).filter(({ ok }) => !ok);
  answer({ failed: failed.map(({ name, detail }) => `${name}: ${detail}`) });
}

/** The TensorFlow libraries that this process has loaded. */
function tensorflowFiles(): string[] {
  const report = Object.assign(process.report, { excludeNetwork: true }); // which would take seconds
  return (report.getReport() as { sharedObjects: string[] }).sharedObjects.filter((file) => /libtensorflow/.test(file));
}

function answer(line: object): void {
  writeSync(3, `${JSON.stringify(line)}\n`);
}

void probe(process.argv[2] as EngineName).catch((error: unknown) => {
  answer({ error: String(error instanceof Error ? error.message : error).split("\n")[0] });
  process.exitCode = 1;
});
