/**
 * Byte-level BPE tokenizers (Llama 3, Qwen2, GPT-2 kind) and those of SentencePiece pieces with byte fallback (Llama 2,
 * TinyLlama, Vicuna), as transformers writes them, with character offsets.
 * The tokens come from @huggingface/tokenizers; its encodings carry no offsets, which `spelling.ts` derives.
 */
import { Tokenizer as BpeTokenizer } from "@huggingface/tokenizers";
import { UserError, brief } from "../base/check";
import { withinTime } from "../base/deadline";
import { withoutPrefix } from "./pieces";
import { Spelling, type TokenOffsets } from "./spelling";
import type { SpecialName, TokenizerFiles } from "./tokenizerFiles";

/** A tokenised text. */
export interface Encoding extends TokenOffsets {
  ids: number[];
}

/** Text to token ids and back. */
export interface Tokenizer {
  /** The folder it was loaded from, for messages and for copying. */
  readonly dir: string;
  /** Highest token id + 1; a model may have more rows (padding), which no text uses. */
  readonly vocabSize: number;
  /** Highest + 1 of the ids that every text may need: all but added ones that neither open nor close it (a <pad>). */
  readonly neededIds: number;
  readonly bosId?: number;
  /** The token that closes a completion: the tokenizer's eos_token (end of turn in chat models). */
  readonly eosId: number;
  /** All tokens that end generation: `eosId` and those generation_config.json lists. */
  readonly eosIds: readonly number[];
  readonly padId?: number;
  /** bos_token, eos_token, … as texts; a chat template may use them. */
  readonly specialTokens: Readonly<Partial<Record<SpecialName, string>>>;
  /** Jinja source, where the model has one. */
  readonly chatTemplate?: string;
  /** What the tokenizer itself puts before a text, BOS where it adds one; chat templates spell theirs out. */
  readonly opening: readonly number[];
  /** Tokenises the whole text; no special tokens are added. @throws UserError when the tokens do not spell the text */
  encode(text: string): Encoding;
  /**
   * Tokenises a text as it stands behind another one. Bytes do not depend on that; of pieces the space that opens a
   * text is put in only where the other one, tokenised with it, would have it there.
   */
  encodeAfter(before: string, text: string): Encoding;
  /**
   * The text of the tokens, special ones spelled out; bytes that are not UTF-8 become U+FFFD; of pieces without the
   * space they begin with.
   * @throws UserError for an unknown id
   */
  decode(ids: readonly number[]): string;
  /** Offsets of given tokens in their text. @throws UserError when the ids do not spell the text */
  offsets(ids: readonly number[], text: string): TokenOffsets;
}

const mostMilliseconds = 5000;

/** The tokenizer that files describe, wherever they were read. */
export class SpellingTokenizer implements Tokenizer {
  readonly dir: string;
  readonly vocabSize: number;
  readonly neededIds: number;
  readonly bosId?: number;
  readonly eosId: number;
  readonly eosIds: readonly number[];
  readonly padId?: number;
  readonly specialTokens: Readonly<Partial<Record<SpecialName, string>>>;
  readonly chatTemplate?: string;
  readonly opening: readonly number[];
  private readonly bpe: BpeTokenizer;
  private continuing?: BpeTokenizer;
  private readonly spelling: Spelling;

  constructor(private readonly files: TokenizerFiles) {
    this.dir = files.dir;
    this.specialTokens = files.specialTokens;
    this.chatTemplate = files.chatTemplate;
    try {
      // The library would also take texts apart by rules of other tokenizers if the config asked for it; it gets none.
      this.bpe = new BpeTokenizer(files.json, {});
    } catch (error) {
      throw new UserError({
        where: files.file,
        expected: "a tokenizer that @huggingface/tokenizers reads",
        got: (error as Error).message,
        fix: "Save the tokenizer again with a current transformers.",
      });
    }
    this.vocabSize = 1 + [...this.bpe.get_vocab().values()].reduce((a, b) => Math.max(a, b), -1);
    this.spelling = new Spelling(files, this.bpe, this.vocabSize);
    this.bosId = this.idOf("bos_token");
    this.padId = this.idOf("pad_token");
    const opening = files.opening.map((token) => this.known(token, "a token of post_processor"));
    this.opening = opening.length === 0 && files.addBos && this.bosId !== undefined ? [this.bosId] : opening;
    const eosId = this.idOf("eos_token") ?? files.generationEosIds[0];
    if (eosId === undefined) {
      throw new UserError({
        where: files.dir,
        expected: "an eos_token in tokenizer_config.json",
        got: "none",
        fix: "A completion must be closed by a token; name the one the model was trained with.",
      });
    }
    this.eosId = eosId;
    this.eosIds = [...new Set([eosId, ...files.generationEosIds])];
    const added = this.bpe.get_added_tokens_decoder();
    const own = [...this.bpe.get_vocab().values()].filter((id) => !added.has(id));
    this.neededIds = 1 + [...own, eosId, ...this.opening].reduce((a, b) => Math.max(a, b), -1);
  }

  encode(text: string): Encoding {
    return this.encodeBy(this.bpe, text);
  }

  encodeAfter(before: string, text: string): Encoding {
    if (this.files.spelling === "bytes") return this.encode(text);
    const { ids: first } = this.encode(before);
    const both = this.encode(before + text);
    const P = first.length;
    if (first.every((id, i) => id === both.ids[i])) {
      const own = (offsets: number[]) => offsets.slice(P).map((at) => Math.max(0, at - before.length));
      return { ids: both.ids.slice(P), starts: own(both.starts), ends: own(both.ends) };
    }
    // a token would reach over the boundary, which what generation writes never does
    this.continuing ??= new BpeTokenizer(withoutPrefix(this.files.json), {});
    return this.encodeBy(this.continuing, text);
  }

  private encodeBy(bpe: BpeTokenizer, text: string): Encoding {
    if (text === "") return { ids: [], starts: [], ends: [] };
    const ids = this.cut(() => bpe.encode(text, { add_special_tokens: false }).ids, text);
    return { ids, ...this.offsets(ids, text) };
  }

  decode(ids: readonly number[]): string {
    return this.spelling.decode(ids);
  }

  offsets(ids: readonly number[], text: string): TokenOffsets {
    const without = ids.find((id) => id >= this.files.rows && id < this.vocabSize);
    if (without !== undefined)
      throw new UserError({
        where: this.dir,
        expected: `a text of tokens that the model has rows for (vocab_size ${this.files.rows} of config.json)`,
        got: `${brief(this.bpe.id_to_token(without))}, id ${without}, in ${brief(text)}`,
        fix: "That token was added without a row in the embedding; leave the text out.",
      });
    return this.spelling.offsets(ids, text);
  }

  /** The ids of a text; in time, where its pattern is nobody's that is known. */
  private cut(ids: () => number[], text: string): number[] {
    const found = this.files.unknownPattern ? withinTime(mostMilliseconds, ids) : { value: ids() };
    if (found) return found.value;
    throw new UserError({
      where: this.files.file,
      expected: "a pre_tokenizer whose pattern ends",
      got: `none within ${mostMilliseconds / 1000} s on ${brief(text)}`,
      fix: "Use the tokenizer of the published model.",
    });
  }

  private idOf(name: SpecialName): number | undefined {
    const token = this.specialTokens[name];
    return token === undefined ? undefined : this.known(token, name);
  }

  private known(token: string, what: string): number {
    const id = this.bpe.token_to_id(token);
    if (id === undefined)
      throw new UserError({
        where: this.dir,
        expected: `${what} ${brief(token)} in the vocabulary of tokenizer.json`,
        got: "no such token",
        fix: "Keep tokenizer.json and tokenizer_config.json of one model together.",
      });
    return id;
  }
}
