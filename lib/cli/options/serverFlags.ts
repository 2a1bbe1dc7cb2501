/** Options of the command line for servers, shared by `sample` and `annotate`. */
import { type Command, InvalidArgumentError, Option } from "commander";
import { parseShard, type Shard, wholeShard } from "../../base/shardedLog";
import { apiKeyVariable } from "../../server/client";
import { type Price, serverDefaults } from "../../steps/server";
import { number } from "./flags";

/** Adds them. @param server the option that names it */
export function withServer(command: Command, server: Option): Command {
  return command
    .addOption(server)
    .option("--model-name <name>", "the model, as the server calls it")
    .option("--concurrency <n>", "requests at a time", number(1, 4096, true), serverDefaults.concurrency)
    .option("--requests-per-minute <n>", "at most so many", number(1e-3, 1e6))
    .option("--retries <n>", "tries after the first, for what may pass", number(0, 100, true), serverDefaults.retries)
    .option("--timeout <s>", "for one request", number(0.1, 300), serverDefaults.timeout)
    .addOption(
      new Option("--price <prompt,completion>", "of a million tokens each, to sum up the cost").argParser(parsePrice),
    )
    .addOption(
      new Option(
        "--extra <json>",
        "object added to every request, for what only this server knows, or one key=value of it; " +
          "null leaves a key out of the request",
      ).argParser(parseExtra),
    )
    .addOption(
      new Option(
        "--shard <i/n>",
        "only the i-th of n shares of the questions, by a hash of their ids; " +
          "clients with one --out (a shared folder) and one n never do a question twice, " +
          "and the one that ends last writes --out",
      )
        .argParser(shardOf)
        .default(wholeShard, "1/1"),
    )
    .addHelpText(
      "after",
      `
With --server: any OpenAI-compatible one, e.g. http://127.0.0.1:8000/v1. A key is taken from ${apiKeyVariable} only.
Interrupted or killed, the same command goes on where it was. If a server knows no top_k, give --top-k 0.`,
    );
}

function parsePrice(text: string): Price {
  const [prompt, completion, ...rest] = text.split(",").map((part) => (part.trim() === "" ? NaN : Number(part)));
  if (rest.length > 0 || !(prompt! >= 0) || !(completion! >= 0))
    throw new InvalidArgumentError("Expected two numbers, e.g. 0.15,0.60.");
  return { prompt: prompt!, completion: completion! };
}

/** A JSON object, or key=value with a value of JSON or a bare word; several add up. */
function parseExtra(text: string, before: Record<string, unknown> = {}): Record<string, unknown> {
  const object = jsonOf(text);
  if (object !== null && typeof object === "object" && !Array.isArray(object)) return { ...before, ...object };
  const [, key, value] = /^([A-Za-z_]\w*)=(.*)$/s.exec(text) ?? [];
  if (key === undefined) throw new InvalidArgumentError('Expected a JSON object, or key=value (as in "seed=null").');
  return { ...before, [key]: jsonOf(value!) === undefined ? value : jsonOf(value!) };
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function shardOf(text: string): Shard {
  const shard = parseShard(text);
  if (!shard) throw new InvalidArgumentError("Expected i/n with 1 <= i <= n, e.g. 1/4.");
  return shard;
}
