/** Tokens one after the other, with what the parser asks of the next ones. */
import type { Token } from "./lexer";
import { TemplateError } from "./value";

/** Brackets, signs and conditionals in each other: more than anybody writes, less than a stack holds. */
const mostDepth = 200;

export class TokenStream {
  private at = 0;
  private depth = 0;

  constructor(private readonly tokens: readonly Token[]) {}

  done(): boolean {
    return this.at >= this.tokens.length;
  }
  next(): Token {
    const token = this.tokens[this.at++];
    if (!token) throw new TemplateError("unexpected end of template");
    return token;
  }
  is(kind: Token["kind"]): boolean {
    return this.tokens[this.at]?.kind === kind;
  }
  /** At the end of a tag. */
  atEnd(): boolean {
    return this.is("end") || this.is("printEnd");
  }
  isName(...names: readonly string[]): boolean {
    return this.is("name") && names.includes(this.tokens[this.at]!.text);
  }
  skipName(name: string): boolean {
    return this.skipNames(name);
  }
  skipNames(...names: readonly string[]): boolean {
    const there = names.every((name, i) => {
      const token = this.tokens[this.at + i];
      return token?.kind === "name" && token.text === name;
    });
    if (there) this.at += names.length;
    return there;
  }
  expectName(): string {
    if (!this.is("name")) throw this.unexpected("a name");
    return this.next().text;
  }
  isOperator(...operators: readonly string[]): boolean {
    return this.is("operator") && operators.includes(this.tokens[this.at]!.text);
  }
  isOperatorAfter(operator: string): boolean {
    const token = this.tokens[this.at + 1];
    return token?.kind === "operator" && token.text === operator;
  }
  skipOperator(...operators: readonly string[]): string | undefined {
    return this.isOperator(...operators) ? this.next().text : undefined;
  }
  expectOperator(operator: string): void {
    if (this.skipOperator(operator) === undefined) throw this.unexpected(`'${operator}'`);
  }
  expectEnd(): void {
    if (!this.is("end")) throw this.unexpected("the end of the tag");
    this.at++;
  }
  /** Whether a test may take what follows for its argument without parentheses. */
  startsOperand(): boolean {
    if (this.isName("else", "or", "and")) return false;
    return (
      ["name", "string", "integer", "float"].some((kind) => this.is(kind as Token["kind"])) ||
      this.isOperator("(", "[", "{")
    );
  }
  unexpected(expected: string): TemplateError {
    const token = this.tokens[this.at];
    const got = !token ? "end of template" : token.text ? `'${token.text}'` : "the end of a tag";
    return new TemplateError(`expected ${expected}, got ${got}`);
  }
  /** @throws TemplateError where it is too deep */
  nested<T>(parse: () => T): T {
    if (++this.depth > mostDepth) throw new TemplateError(`more than ${mostDepth} expressions in each other`);
    try {
      return parse();
    } finally {
      this.depth--;
    }
  }
}
