/**
 * Reads one Parquet file in a thread of its own, and ends with its rows. A damaged file makes the reader leave promises
 * behind that fail with nobody waiting for them: here that ends the thread, elsewhere the process.
 */
import { parentPort, workerData } from "node:worker_threads";
import { asyncBufferFromFile, parquetReadObjects } from "hyparquet";
import { compressors } from "hyparquet-compressors";

const file = await asyncBufferFromFile(String(workerData));
parentPort?.postMessage(await parquetReadObjects({ file, compressors }));
