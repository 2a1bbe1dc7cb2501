/**
 * What may be asked of `mask-dpo serve`, in OpenAI's protocol. What the sampler cannot do is refused by name, except
 * where it is asked for at the value that means nothing; so are keys that are not known.
 */
import { z } from "zod";
import { ApiError } from "./apiError";

/** Choices of one request. */
const mostChoices = 128;

const count = z.number().int().min(1);
const said = (message: string) => ({ errorMap: () => ({ message }) });
/** Accepted, and nothing comes of it: it is to change no answer. */
const label = z.unknown();
/** A parameter that is not supported, at the one value that is as good as none. */
const only = <T extends string | number | boolean>(value: T) =>
  z.literal(value, said(`not supported by this server (only ${JSON.stringify(value)}); leave it out`)).optional();

const sampling = {
  model: z.string(),
  temperature: z.number().min(0).max(100).default(1),
  top_p: z.number().min(0).max(1).default(1),
  /** OpenAI has none; 0 and -1 switch it off, as in vLLM. */
  top_k: z.number().int().min(-1).default(0),
  max_tokens: count.optional(),
  seed: z.number().int().optional(),
  n: count.max(mostChoices).default(1),
  stop: z
    .union(
      [z.string().min(1), z.array(z.string().min(1)).max(16)],
      said("expected a text, or up to 16, none of them empty"),
    )
    .transform((stop) => [stop].flat())
    .default([]),
  stream: z.boolean().default(false),
  stream_options: z
    .object({ include_usage: z.boolean().default(false) })
    .strict()
    .default({}),
  user: label,
  metadata: label,
  store: label,
  safety_identifier: label,
  prompt_cache_key: label,
  frequency_penalty: only(0),
  presence_penalty: only(0),
  repetition_penalty: only(1),
  min_p: only(0),
};

const part = z.object({ type: z.enum(["text"]), text: z.string() }).strict();
const message = z
  .object({
    role: z
      .enum(["system", "developer", "user", "assistant"])
      .transform((role) => (role === "developer" ? "system" : role)),
    content: z.union(
      [z.string(), z.array(part).transform((parts) => parts.map(({ text }) => text).join(""))],
      said("expected a text, or parts of type text"),
    ),
  })
  .strict();

const chatSchema = z
  .object({
    ...sampling,
    messages: z.array(message),
    max_completion_tokens: count.optional(),
    logprobs: only(false),
    response_format: z
      .object({ type: only("text") })
      .strict("only {type: text} is supported")
      .optional(),
    tool_choice: z.enum(["none", "auto"], said("tools are not supported by this server")).optional(),
    parallel_tool_calls: label,
  })
  .strict();

const inputs = z.union(
  [
    z.string().transform((text) => [text]),
    z.array(z.string()),
    z.array(z.number().int().min(0)).transform((ids) => [ids]),
    z.array(z.array(z.number().int().min(0))),
  ],
  said("expected a text, token ids, or a list of either"),
);
/** Texts or token ids. */
export type Inputs = (string | number[])[];

const textSchema = z
  .object({
    ...sampling,
    prompt: inputs,
    max_tokens: count.default(16), // as OpenAI's
    best_of: only(1),
    echo: only(false),
    logprobs: only(0),
  })
  .strict();

const embeddingSchema = z
  .object({
    model: z.string(),
    input: inputs,
    encoding_format: z.enum(["float", "base64"]).default("float"),
    user: label,
  })
  .strict();

export type ChatRequest = z.infer<typeof chatSchema>;
export type TextRequest = z.infer<typeof textSchema>;
export type EmbeddingRequest = z.infer<typeof embeddingSchema>;

export const chatRequest = (body: unknown): ChatRequest => parsed(chatSchema, body);
export const embeddingRequest = (body: unknown): EmbeddingRequest => parsed(embeddingSchema, body);

export function textRequest(body: unknown): TextRequest {
  const request = parsed(textSchema, body);
  if (request.prompt.length * request.n <= mostChoices) return request;
  throw new ApiError(400, `prompt: expected at most ${mostChoices} completions in one request`, { param: "prompt" });
}

/** @throws ApiError 400 that names the parameter */
function parsed<Output>(schema: z.ZodType<Output, z.ZodTypeDef, unknown>, body: unknown): Output {
  const result = schema.safeParse(withoutNothing(body));
  if (result.success) return result.data;
  const issue = result.error.issues[0]!;
  const unknown = issue.code === "unrecognized_keys" ? issue.keys[0]! : undefined;
  const param = [...issue.path, ...(unknown === undefined ? [] : [unknown])].join(".") || undefined;
  const what = unknown === undefined ? issue.message : "not supported by this server; leave it out";
  throw new ApiError(400, `${param ?? "the body"}: ${what}`, {
    param,
    code: unknown === undefined ? "invalid_value" : "unsupported_parameter",
  });
}

/**
 * Clients send null, [] and {} for what is not asked for: tools, logit_bias, of a message they were given refusal and
 * tool_calls.
 */
function withoutNothing(body: unknown): unknown {
  const kept = withoutEmpty(body);
  if (typeof kept !== "object" || kept === null || !("messages" in kept) || !Array.isArray(kept.messages)) return kept;
  return { ...kept, messages: kept.messages.map(withoutEmpty) };
}

function withoutEmpty(value: unknown): unknown {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return value;
  const isNothing = (of: unknown): boolean => of === null || (typeof of === "object" && Object.keys(of).length === 0);
  return Object.fromEntries(Object.entries(value).filter(([, own]) => !isNothing(own)));
}
