/** Options of the command line for servers, shared by `sample` and `annotate`. */
import { type Command, InvalidArgumentError, Option } from "commander";
import { UserError } from "../base/check";
import { parseShard, wholeShard, type Shard } from "../base/shardedLog";
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

type NumberParser = (min: number, max?: number, whole?: boolean) => (text: string) => number;

/** Adds them. @param server the option that names it */
export function withServer(command: Command, server: Option, number: NumberParser): Command {
  return command
    .addOption(server)
    .option("--model-name <name>", "the model, as the server calls it")
    .option("--concurrency <n>", "requests at a time", number(1, 4096, true), serverDefaults.concurrency)
    .option("--requests-per-minute <n>", "at most so many", number(1e-3))
    .option("--retries <n>", "tries after the first, for what may pass", number(0, 100, true), serverDefaults.retries)
    .option("--timeout <s>", "for one request", number(0.1, 300), serverDefaults.timeout)
    .addOption(new Option("--price <prompt,completion>", "of a million tokens each, to sum up the cost").argParser(parsePrice))
    .addOption(new Option("--extra <json>", "object added to every request, for what only this server knows").argParser(parseObject))
    .addOption(new Option("--shard <i/n>", "only the i-th of n shares of the questions, by a hash of their ids; clients with one --out (a shared folder) and one n never do a question twice, and the one that ends last writes --out").argParser(shardOf).default(wholeShard, "1/1"))
    .addHelpText("after", `\nWith --server: any OpenAI-compatible one, e.g. http://127.0.0.1:8000/v1. A key is taken from ${apiKeyVariable} only.\nInterrupted or killed, the same command goes on where it was. If a server knows no top_k, give --top-k 0.`);
}

/** The client of these flags. @throws UserError for a bad address or key */
export function clientOf({ server, modelName, concurrency, requestsPerMinute, retries, timeout, extra, seed }: ServerFlags, model = modelName): ServerClient {
  return new ServerClient({ url: server!, model: model!, concurrency, requestsPerMinute, retries, timeoutMs: 1000 * timeout, extra, seed }, process.env[apiKeyVariable] || undefined);
}

/** @throws UserError when an option that needs --server is given without it, rather than to leave it out in silence */
export function refuseServerFlags({ modelName, shard, price, extra, requestsPerMinute, ...more }: Partial<ServerFlags> & { logprobs?: boolean; tokenizer?: string }): void {
  const given = { "--model-name": modelName, "--shard": shard && shard.of > 1, "--price": price, "--extra": extra, "--requests-per-minute": requestsPerMinute, "--logprobs": more.logprobs, "--tokenizer": more.tokenizer };
  const [name] = Object.entries(given).find(([, value]) => value) ?? [];
  if (name) throw new UserError({ where: name, expected: "a server with this option", got: "no --server", fix: "Name one, or leave the option out." });
}

/** "1200 prompt + 300 completion tokens, cost 0.0123" */
export function usageText(rows: readonly { promptTokens: number; completionTokens: number }[], price?: Price): string {
  const prompt = rows.reduce((sum, row) => sum + row.promptTokens, 0), completion = rows.reduce((sum, row) => sum + row.completionTokens, 0);
  if (prompt + completion === 0) return "no token counts from the server";
  const cost = price && (prompt * price.prompt + completion * price.completion) / 1e6;
  return `${prompt} prompt + ${completion} completion tokens${cost === undefined ? "" : `, cost ${cost.toFixed(4)}`}`;
}

function parsePrice(text: string): Price {
  const [prompt, completion, ...rest] = text.split(",").map((part) => (part.trim() === "" ? NaN : Number(part)));
  if (rest.length > 0 || !(prompt! >= 0) || !(completion! >= 0)) throw new InvalidArgumentError("Expected two numbers, e.g. 0.15,0.60.");
  return { prompt: prompt!, completion: completion! };
}

function parseObject(text: string): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    value = undefined;
  }
  if (value === null || typeof value !== "object" || Array.isArray(value)) throw new InvalidArgumentError("Expected a JSON object.");
  return value as Record<string, unknown>;
}

function shardOf(text: string): Shard {
  const shard = parseShard(text);
  if (!shard) throw new InvalidArgumentError("Expected i/n with 1 <= i <= n, e.g. 1/4.");
  return shard;
}
