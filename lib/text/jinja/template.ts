/**
 * Chat templates in Jinja, rendered as Python's jinja2 does with the settings of transformers: trim_blocks,
 * lstrip_blocks, loop controls, `generation` blocks, json.dumps as tojson, nothing that changes a value. The 213
 * templates of test/golden/jinja.json hold it to jinja2. Steps and sizes are bounded: they are strangers' programs.
 *
 * Own code, because the packages there are render other texts than Python and do not say so: @huggingface/jinja 0.5,
 * with repairs, failed 118 of those 213, 52 of them in silence (what a loop sets lives on in its next turn,
 * lists print as JSON, an emoji counts as two); minijinja has neither Python's printing nor `generation`.
 */
import { Given } from "./given";
import { globals } from "./globals";
import type { Statement } from "./node";
import { Run } from "./run";
import { Scope } from "./scope";
import { parseTemplate } from "./statement";
import { Callable, fromJson, TemplateError } from "./value";

/** The longest published ones have some ten thousand. */
const mostCharacters = 1 << 20;

export class Template {
  private readonly body: readonly Statement[];

  /** @throws TemplateError for a text that is not a template */
  constructor(source: string) {
    if (source.length > mostCharacters) throw new TemplateError(`a template of ${source.length} characters`);
    this.body = parseTemplate(source);
  }

  /**
   * @param variables JSON's values, and functions of one text
   * @throws TemplateError for what a template cannot do, or refuses
   */
  render(variables: Readonly<Record<string, unknown>>): string {
    const scope = new Scope(globals());
    for (const [name, value] of Object.entries(variables))
      scope.set(name, typeof value === "function" ? ofOneText(name, value as OfOneText) : fromJson(value));
    return new Run().text(this.body, scope);
  }
}

type OfOneText = (text: string) => string;

const ofOneText = (name: string, call: OfOneText): Callable =>
  new Callable(name, (given) => call(new Given(name, given, ["text"]).text("text")));
