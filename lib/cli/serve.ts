/** `mask-dpo serve`: a policy for any client that speaks OpenAI's protocol. */
import type { Command } from "commander";
import { apiKeyVariable, checkKey } from "../server/client";
import { newToken, startServing, type ServeRequest } from "../steps/serve/serve";
import { model, number, say } from "./options/flags";
import { untilSignal } from "./signals";

type ServeFlags = Omit<ServeRequest, "token"> & { token: boolean };

export function addServeCommand(program: Command): void {
  program
    .command("serve")
    .description("a policy on this machine's engine as an OpenAI-compatible server, until Ctrl-C")
    .addOption(model())
    .option("--adapter <dir>", "adapter of that model, added to its weights")
    .option("--host <address>", "address to listen at; others than the loopback's let other machines in", "127.0.0.1")
    .option("--port <n>", "0 takes one that is free", number(0, 65_535, true), 8000)
    .option("--no-token", "let every program of this machine ask; only on the loopback")
    .addHelpText(
      "after",
      `
Answers /v1/models, /v1/chat/completions and /v1/completions (also as a stream; n, temperature, top_p, top_k, seed,
max_tokens, stop) and /v1/embeddings (the last layer's mean, of length 1). What the sampler cannot do (tools, logprobs,
penalties) is refused by name. One request is computed at a time, others wait; one that is given up is ended.
Clients bring a bearer token: that of ${apiKeyVariable}, or a new one that is shown. It travels unencrypted: beyond this
machine put a proxy with TLS in front.
From another terminal, without a token:
  curl http://127.0.0.1:8000/v1/chat/completions -H 'content-type: application/json' \\
    -d '{"model": "aligned", "messages": [{"role": "user", "content": "Where does Brno lie?"}]}'`,
    )
    .action(serve);
}

async function serve({ token: wanted, ...request }: ServeFlags): Promise<void> {
  const known = wanted ? checkKey(process.env[apiKeyVariable] || undefined) : undefined;
  const token = wanted ? (known ?? newToken()) : undefined;
  const signal = untilSignal();
  const { url, name, engine, close } = await startServing({ ...request, token });
  say(`${name} at ${url} on ${engine}; Ctrl-C ends it`);
  if (token === undefined) say("no token: every program of this machine may ask");
  else say(known === undefined ? `token: ${token}` : `the token is that of ${apiKeyVariable}`);
  await signal;
  await close();
  say("stopped");
}
