/**
 * Servers that refuse what others want: OpenAI's reasoning models take max_completion_tokens for max_tokens, Mistral's
 * take no seed. What is refused by name is renamed or left out where that changes no number that was asked for; other
 * parameters are the user's to leave out (--extra with null).
 */

type Body = Readonly<Record<string, unknown>>;

/** A key that is sent under another name, or not at all. */
export interface Adaptation {
  key: "max_tokens" | "seed";
  as?: string;
}

const refusing =
  /unsupported|not support|unrecogni[sz]ed|unknown|unexpected|extra|not permitted|not allowed|forbidden/i;

/** What a refusal asks to change of a body, if it says so; `fixed` keys are the user's. */
export function adaptationFor(said: string, body: Body, fixed: Body = {}): Adaptation | undefined {
  const may = (key: string) => key in body && !(key in fixed);
  if (!refusing.test(said)) return undefined;
  if (may("max_tokens") && /max_completion_tokens/.test(said))
    return { key: "max_tokens", as: "max_completion_tokens" };
  if (may("seed") && /\bseed\b/.test(said)) return { key: "seed" };
  return undefined;
}

export function adapted(body: Body, adaptations: readonly Adaptation[]): Record<string, unknown> {
  let changed: Record<string, unknown> = { ...body };
  for (const { key, as } of adaptations) {
    const { [key]: value, ...rest } = changed;
    if (value !== undefined) changed = as === undefined ? rest : { ...rest, [as]: value };
  }
  return changed;
}

/** "seed is not sent", "max_tokens is sent as max_completion_tokens" */
export function adaptationText({ key, as }: Adaptation): string {
  return as === undefined ? `${key} is not sent` : `${key} is sent as ${as}`;
}
