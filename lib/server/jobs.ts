/** Many asks side by side: one that fails does not stop the others, unless no other would succeed. */
import { UserError } from "../base/check";
import { NoReply, type ServerClient } from "./client";

/** After so many failures in a row the server is taken to be gone. */
const mostInARow = 10;

/**
 * Runs `work` on every job, `client.options.concurrency` at a time.
 * @throws UserError at the end when jobs got no reply, at once when the server refuses everything; other errors at once
 */
export async function runJobs<Job>(
  client: ServerClient,
  jobs: readonly Job[],
  work: (job: Job) => Promise<void>,
  what: string,
): Promise<void> {
  let next = 0;
  let failures = 0;
  let inARow = 0;
  let first: NoReply | undefined;
  let fatal: Error | undefined;
  const worker = async (): Promise<void> => {
    while (next < jobs.length && fatal === undefined) {
      try {
        await work(jobs[next++]!);
        inARow = 0;
      } catch (error) {
        if (!(error instanceof NoReply)) fatal ??= error as Error;
        else {
          failures++;
          inARow++;
          first ??= error;
          if (error.closed || inARow >= mostInARow) fatal ??= error;
        }
        if (fatal !== undefined) client.close();
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(client.options.concurrency, jobs.length) }, worker));
  if (fatal !== undefined) throw fatal;
  if (first)
    throw new UserError({
      where: first.parts.where,
      expected: `a reply for each of ${jobs.length} ${what}`,
      got: `none for ${failures} (the first: ${first.parts.got})`,
      fix: `${first.parts.fix} The others are kept.`,
    });
}

/** As `Promise.all`, but a failure is thrown only once all have ended, so that no late reply finds its log closed. */
export async function allEnded<T>(promises: readonly Promise<T>[]): Promise<T[]> {
  await Promise.allSettled(promises);
  return Promise.all(promises);
}
