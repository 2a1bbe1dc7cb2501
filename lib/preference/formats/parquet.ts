/** Rows of Parquet files, in any of the format's compressions. */
import { closeSync } from "node:fs";
import path from "node:path";
import { Worker } from "node:worker_threads";
import { UserError, brief } from "../../base/check";
import { openToRead } from "../../base/textFile";

/** All rows. @throws UserError for a file that cannot be read, or is damaged */
export async function readParquet(file: string): Promise<unknown[]> {
  closeSync(openToRead(file)); // it is there, and a file
  const thread = new Worker(path.join(__dirname, "parquetThread.mjs"), { workerData: file });
  try {
    return await new Promise<unknown[]>((resolve, reject) => {
      thread.once("message", resolve);
      thread.once("error", reject);
      thread.once("exit", (code) => reject(new Error(`its reader ended early (${code})`)));
    });
  } catch (error) {
    throw new UserError({
      where: file,
      expected: "a readable Parquet file",
      got: brief((error as Error).message),
      fix: "The file is damaged or was cut short; copy or download it again, or save its rows as JSON Lines.",
    });
  } finally {
    await thread.terminate();
  }
}
