/** Options of the command line for servers, shared by `sample` and `annotate`. */
import { sum } from "../base/collections";
import { UserError } from "../base/check";
import { wholeShard, type Shard } from "../base/shardedLog";
import { apiKeyVariable, ServerClient } from "../server/client";

/** Dollars, or whatever, for a million tokens. */
export interface Price {
  prompt: number;
  completion: number;
}

export interface ServerFlags {
  server?: string;
  modelName?: string;
  concurrency: number;
  requestsPerMinute?: number;
  retries: number;
  timeout: number;
  price?: Price;
  extra?: Record<string, unknown>;
  shard: Shard;
  seed: number;
}

/** What is not said. */
export const serverDefaults = { concurrency: 8, retries: 6, timeout: 240, shard: wholeShard } as const;

/** The client of these flags. @throws UserError for a bad address or key */
export function clientOf(
  { server, modelName, concurrency, requestsPerMinute, retries, timeout, extra, seed }: ServerFlags,
  model = modelName,
): ServerClient {
  return new ServerClient(
    { url: server!, model: model!, concurrency, requestsPerMinute, retries, timeoutMs: 1000 * timeout, extra, seed },
    process.env[apiKeyVariable] || undefined,
  );
}

/** @throws UserError when an option that needs --server is given without it, rather than to leave it out in silence */
export function refuseServerFlags({
  modelName,
  shard,
  price,
  extra,
  requestsPerMinute,
  ...more
}: Partial<ServerFlags> & { logprobs?: boolean; tokenizer?: string }): void {
  const given = {
    "--model-name": modelName,
    "--shard": shard && shard.of > 1,
    "--price": price,
    "--extra": extra,
    "--requests-per-minute": requestsPerMinute,
    "--logprobs": more.logprobs,
    "--tokenizer": more.tokenizer,
  };
  const [name] = Object.entries(given).find(([, value]) => value) ?? [];
  if (name)
    throw new UserError({
      where: name,
      expected: "a server with this option",
      got: "no --server",
      fix: "Name one, or leave the option out.",
    });
}

/** "1200 prompt + 300 completion tokens, cost 0.0123" */
export function usageText(rows: readonly { promptTokens: number; completionTokens: number }[], price?: Price): string {
  const prompt = sum(rows.map((row) => row.promptTokens));
  const completion = sum(rows.map((row) => row.completionTokens));
  if (prompt + completion === 0) return "no token counts from the server";
  const cost = price && (prompt * price.prompt + completion * price.completion) / 1e6;
  return `${prompt} prompt + ${completion} completion tokens${cost === undefined ? "" : `, cost ${cost.toFixed(4)}`}`;
}

/** "; the server refuses what was asked: seed is not sent", or nothing. */
export function changesText(clients: readonly ServerClient[]): string {
  const changes = [...new Set(clients.flatMap((client) => client.changes))];
  return changes.length > 0 ? `; as the server refuses it, ${changes.join(", ")}` : "";
}

export function modelOf({ server, modelName }: ServerFlags): string {
  if (!server)
    throw new UserError({
      where: "--server",
      expected: "the address of a server for this annotator",
      got: "none",
      fix: "Give --server and --model-name.",
    });
  if (!modelName)
    throw new UserError({
      where: "--model-name",
      expected: "the name of a model with --server",
      got: "none",
      fix: "Ask the server: <address>/models lists its models.",
    });
  return modelName;
}

export function byKey<T>(rows: readonly T[], key: (row: T) => string): Map<string, T> {
  return new Map(
    rows
      .slice()
      .reverse()
      .map((row) => [key(row), row]),
  ); // the first of several counts
}

export function waiting(
  { index, of }: Shard,
  done: number,
  all: number,
  what: string,
  out: string,
  usage: string,
): string {
  const share = `share ${index} of ${of} done, ${done} of ${all} ${what} in all`;
  return `${share}; ${out} is written when the other shares are; ${usage}`;
}
