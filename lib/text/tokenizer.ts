/**
 * Byte-level BPE tokenizers (Llama 3, Qwen2, GPT-2 kind) and those of SentencePiece pieces with byte fallback (Llama 2,
 * TinyLlama, Vicuna), as transformers writes them, with character offsets.
 *
 * The tokens come from @huggingface/tokenizers; its encodings carry no offsets, so they are derived here
 * from the tokens' bytes, which must rejoin to the text, else an error says so. Offsets are UTF-16 code
 * units, end exclusive; a token that holds part of a character covers the whole of it, so that the
 * tokens of one emoji share their offsets. Masks (§2.3) rest on these offsets.
 */
import { Tokenizer as BpeTokenizer } from "@huggingface/tokenizers";
import { UserError, brief } from "../base/check";
import { originalOffsets } from "./normalise";
import { pieceBytes, withoutInserted } from "./pieces";
import { type TokenizerFiles, type SpecialName, readTokenizerFiles } from "./tokenizerFiles";
import { decodeUtf8, wellFormed } from "./utf8";

/** Per token: the characters it covers, `text.slice(starts[i], ends[i])`. */
export interface TokenOffsets {
  starts: number[];
  ends: number[];
}

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
  /** Tokenises the whole text; no special tokens are added. @throws UserError when the tokens do not spell the text */
  encode(text: string): Encoding;
  /**
   * The text of the tokens, special ones spelled out; bytes that are not UTF-8 become U+FFFD; of pieces without the
   * space they begin with.
   * @throws UserError for an unknown id
   */
  decode(ids: readonly number[]): string;
  /** Offsets of given tokens in their text. @throws UserError when the ids do not spell the text */
  offsets(ids: readonly number[], text: string): TokenOffsets;
}

/**
 * Loads tokenizer.json and what goes with it.
 * @throws UserError for a missing or malformed file or another kind of tokenizer
 */
export function loadTokenizer(dir: string): Tokenizer {
  return new SpellingTokenizer(readTokenizerFiles(dir));
}

/**
 * @throws UserError when the tokenizer has ids that the model has no row for
 * @param where the checkpoint, for the message
 */
export function checkVocabulary(tokenizer: Tokenizer, modelVocabSize: number, where: string): void {
  if (tokenizer.vocabSize <= modelVocabSize) return;
  throw new UserError({
    where,
    expected: `a tokenizer with at most ${modelVocabSize} ids (vocab_size of config.json)`,
    got: `ids up to ${tokenizer.vocabSize - 1} in ${tokenizer.dir}`,
    fix: "Use the tokenizer this model was trained with.",
  });
}

class SpellingTokenizer implements Tokenizer {
  readonly dir: string;
  readonly vocabSize: number;
  readonly bosId?: number;
  readonly eosId: number;
  readonly eosIds: readonly number[];
  readonly padId?: number;
  readonly specialTokens: Readonly<Partial<Record<SpecialName, string>>>;
  readonly chatTemplate?: string;
  private readonly bpe: BpeTokenizer;
  private readonly added: ReadonlyMap<number, string>;
  private readonly bytesById: (Uint8Array | undefined)[] = [];
  private readonly nfc: boolean;
  private readonly pieces: boolean;

  constructor(files: TokenizerFiles) {
    this.dir = files.dir;
    this.nfc = files.nfc;
    this.pieces = files.spelling === "pieces";
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
    this.added = new Map([...this.bpe.get_added_tokens_decoder()].map(([id, token]) => [id, token.content]));
    this.vocabSize = 1 + [...this.bpe.get_vocab().values()].reduce((a, b) => Math.max(a, b), -1);
    this.bosId = this.idOf("bos_token");
    this.padId = this.idOf("pad_token");
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
  }

  encode(text: string): Encoding {
    if (text === "") return { ids: [], starts: [], ends: [] };
    const ids = this.bpe.encode(text, { add_special_tokens: false }).ids;
    return { ids, ...this.offsets(ids, text) };
  }

  decode(ids: readonly number[]): string {
    const { text } = decodeUtf8(this.bytes(ids));
    return this.pieces && text.startsWith(" ") ? text.slice(1) : text;
  }

  offsets(ids: readonly number[], text: string): TokenOffsets {
    const decoded = decodeUtf8(this.bytes(ids));
    const lengths = ids.map((id) => this.bytesOf(id).length);
    const segments = [0]; // where a space may have been put in front
    let byte = 0;
    lengths.forEach((length, i) => {
      if (this.added.has(ids[i]!)) segments.push(decoded.ends[byte + length - 1]!);
      byte += length;
    });
    const map = this.mapTo(text, decoded.text, segments);
    const starts: number[] = [];
    const ends: number[] = [];
    byte = 0;
    for (const length of lengths) {
      starts.push(map.start(decoded.starts[byte]!));
      ends.push(map.end(decoded.ends[byte + length - 1]!));
      byte += length;
    }
    return { starts, ends };
  }

  /** How offsets in what the tokens spell become offsets in the text. */
  private mapTo(
    text: string,
    spelled: string,
    segments: readonly number[],
  ): { start(at: number): number; end(at: number): number } {
    const clean = wellFormed(text);
    if (spelled === clean) return { start: (at) => at, end: (at) => at };
    const original = this.pieces
      ? withoutInserted(clean, spelled, segments)
      : this.nfc
        ? originalOffsets(clean, spelled)
        : undefined;
    if (original) return original;
    let i = 0;
    while (spelled[i] === clean[i]) i++;
    throw new UserError({
      where: this.dir,
      expected: `tokens that spell the text ${brief(text)}`,
      got: `${brief(spelled)}, which differs from character ${i} on`,
      fix:
        "Token ids must belong to this tokenizer and to exactly this text; " +
        "leave them out to have the text tokenised.",
    });
  }

  private bytes(ids: readonly number[]): Uint8Array {
    const parts = ids.map((id) => this.bytesOf(id));
    const out = new Uint8Array(parts.reduce((n, part) => n + part.length, 0));
    let at = 0;
    for (const part of parts) {
      out.set(part, at);
      at += part.length;
    }
    return out;
  }

  /** The bytes one token stands for, at least one. */
  private bytesOf(id: number): Uint8Array {
    const known = this.bytesById[id];
    if (known) return known;
    const token = this.bpe.id_to_token(id);
    if (!token) {
      throw new UserError({
        where: this.dir,
        expected: `a token id of this tokenizer (0 to ${this.vocabSize - 1})`,
        got: String(id),
        fix: "Use the tokenizer the ids were made with.",
      });
    }
    const bytes = this.added.has(id)
      ? new TextEncoder().encode(token)
      : this.pieces
        ? pieceBytes(token)
        : byteLevel(token);
    this.bytesById[id] = bytes;
    return bytes;
  }

  private idOf(name: SpecialName): number | undefined {
    const token = this.specialTokens[name];
    if (token === undefined) return undefined;
    const id = this.bpe.token_to_id(token);
    if (id === undefined)
      throw new UserError({
        where: this.dir,
        expected: `${name} ${brief(token)} in the vocabulary of tokenizer.json`,
        got: "no such token",
        fix: "Keep tokenizer.json and tokenizer_config.json of one model together.",
      });
    return id;
  }
}

/**
 * GPT-2's alphabet: bytes that are printable in Latin-1 stand for themselves, the others for U+0100, U+0101, … in
 * order.
 */
const byteOf: ReadonlyMap<string, number> = (() => {
  const printable = (b: number) => (b >= 0x21 && b <= 0x7e) || (b >= 0xa1 && b <= 0xac) || b >= 0xae;
  const map = new Map<string, number>();
  let others = 0;
  for (let b = 0; b < 256; b++) map.set(String.fromCharCode(printable(b) ? b : 256 + others++), b);
  return map;
})();

/** Bytes of a vocabulary entry; one that leaves the alphabet stands for its own text, as in the Rust decoder. */
function byteLevel(token: string): Uint8Array {
  const bytes = [...token].map((c) => byteOf.get(c) ?? -1);
  return bytes.includes(-1) ? new TextEncoder().encode(token) : Uint8Array.from(bytes);
}
