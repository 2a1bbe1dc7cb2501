/** `mask-dpo serve`: a policy on this machine's engine, behind OpenAI's protocol. */
import { randomBytes } from "node:crypto";
import type { AddressInfo } from "node:net";
import path from "node:path";
import { UserError } from "../../base/check";
import { engineMemory } from "../../engine/memory";
import { readCheckpointConfig } from "../../model/checkpoint";
import { loadPolicy, startEngineFor, type Policy } from "../../model/policy";
import { weightCount } from "../../model/weights";
import { isLoopback } from "../../server/loopback";
import { promptIds } from "../../text/prompt";
import { Answer, chatForm, embeddingAnswer, textForm } from "./answer";
import { ApiError } from "./apiError";
import { askedOf, checkLengths, complete, idsOf, type Asked } from "./complete";
import { embed } from "./embed";
import { createListener, type Exchange, type Handler } from "./listener";
import { Queue } from "./queue";
import { chatRequest, embeddingRequest, textRequest, type ChatRequest, type TextRequest } from "./request";

export interface ServeRequest {
  /** Hugging Face folder. */
  model: string;
  /** Folder of an adapter for it. */
  adapter?: string;
  /** Address to listen at. */
  host: string;
  /** 0: one that is free. */
  port: number;
  /** What clients must bring; undefined: nothing, which only the loopback may do. */
  token?: string;
}

export interface RunningServer {
  /** With the version: http://127.0.0.1:8000/v1 */
  url: string;
  /** What clients call the model: the name of its folder, or of its adapter's. */
  name: string;
  /** Which engine computes, and why. */
  engine: string;
  /** Ends what is under way, then the server. */
  close: () => Promise<void>;
}

/** Requests that may wait. */
const mostWaiting = 256;

/** A token nobody guesses. */
export function newToken(): string {
  return randomBytes(24).toString("base64url");
}

/**
 * Loads the policy and listens.
 * @throws UserError as `loadPolicy`, for an address that cannot be listened at, or one beyond the loopback without a
 * token
 */
export async function startServing({ model, adapter, host, port, token }: ServeRequest): Promise<RunningServer> {
  const address = host.includes(":") ? `[${host}]` : host;
  const loopback = isLoopback(address);
  if (!loopback && token === undefined)
    throw new UserError({
      where: "--no-token",
      expected: "a server that only this machine reaches (--host 127.0.0.1)",
      got: `--host ${host}`,
      fix: "Leave --no-token out: whoever reaches the port could use the machine.",
    });
  const engine = await startEngineFor(model);
  const large = 4 * weightCount(readCheckpointConfig(model)) > engineMemory() / 2; // 16 bits are slower
  const policy = loadPolicy(model, { frozen: large, adapter });
  const name = path.basename(path.resolve(adapter ?? model));
  const ended = new AbortController();
  const queue = new Queue(mostWaiting);
  const server = createListener({ token, loopback, handlers: handlersOf(policy, name, queue), ended: ended.signal });
  try {
    await new Promise<void>((resolve, reject) => server.once("error", reject).listen(port, host, resolve));
  } catch (error) {
    policy.dispose();
    throw new UserError({
      where: `--host ${host} --port ${port}`,
      expected: "an address that is free to listen at",
      got: (error as NodeJS.ErrnoException).code ?? String(error),
      fix: "Choose another port; 0 takes one that is free.",
    });
  }
  return {
    url: `http://${address}:${(server.address() as AddressInfo).port}/v1`,
    name,
    engine: engine.description,
    async close() {
      const closed = new Promise((resolve) => server.close(resolve));
      ended.abort(new ApiError(503, "the server is being stopped", { code: "stopped" }));
      server.closeIdleConnections();
      await queue.run(new AbortController().signal, () => Promise.resolve()); // behind what is under way
      setTimeout(() => server.closeAllConnections(), 100).unref(); // time to be told
      await closed;
      policy.dispose();
    },
  };
}

/** What is answered, by method and path. */
function handlersOf(policy: Policy, name: string, queue: Queue): Record<string, Handler> {
  const { tokenizer, model } = policy;
  const entry = {
    id: name,
    object: "model",
    created: Math.floor(Date.now() / 1000),
    owned_by: "mask-dpo-lab",
    max_model_len: model.config.maxPositions,
  };

  async function completions(form: typeof chatForm, request: ChatRequest | TextRequest, asked: Asked, to: Exchange) {
    const answer = new Answer(form, name);
    const { stream, stream_options: options } = request;
    if (!stream)
      return answer.whole(asked, await queue.run(to.signal, () => complete(policy, asked, to.signal, () => undefined)));
    await queue.run(to.signal, async () => {
      answer.begin(asked).forEach(to.event);
      const choices = await complete(policy, asked, to.signal, (i, text) => to.event(answer.piece(i, text)));
      answer.end(asked, choices, options.include_usage).forEach(to.event);
    });
  }

  function checkModel({ model: asked }: { model: string }): void {
    if (asked === name) return;
    throw new ApiError(404, `expected the model ${JSON.stringify(name)}`, { param: "model", code: "model_not_found" });
  }

  return {
    "GET /v1/models": () => ({ object: "list", data: [entry] }),
    "POST /v1/chat/completions": async (to) => {
      const request = chatRequest(to.body);
      checkModel(request);
      const ids = promptIds(tokenizer, request.messages);
      const asked = askedOf(policy, [ids], request, request.max_completion_tokens ?? request.max_tokens);
      return completions(chatForm, request, asked, to);
    },
    "POST /v1/completions": async (to) => {
      const request = textRequest(to.body);
      checkModel(request);
      const asked = askedOf(policy, idsOf(policy, request.prompt), request, request.max_tokens);
      return completions(textForm, request, asked, to);
    },
    "POST /v1/embeddings": async (to) => {
      const request = embeddingRequest(to.body);
      checkModel(request);
      const texts = idsOf(policy, request.input);
      checkLengths(texts, model.config.maxPositions);
      const vectors = await queue.run(to.signal, () => embed(policy, texts, to.signal));
      const tokens = texts.reduce((sum, { length }) => sum + length, 0);
      return embeddingAnswer(name, vectors, request.encoding_format, tokens);
    },
  };
}
