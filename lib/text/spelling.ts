/**
 * What tokens spell, and where in a text they lie. Offsets are derived from the tokens' bytes, which must rejoin to the
 * text, else an error says so. They are UTF-16 code units, end exclusive; a token that holds part of a character covers
 * the whole of it, so that the tokens of one emoji share their offsets. Masks (§2.3) rest on these offsets.
 */
import type { Tokenizer as BpeTokenizer } from "@huggingface/tokenizers";
import { UserError, brief } from "../base/check";
import { byteLevel } from "./byteLevel";
import { originalOffsets, type OffsetMap } from "./normalise";
import { pieceBytes, withoutInserted } from "./pieces";
import { afterSwallowing, type Swallowing } from "./swallowed";
import type { TokenizerFiles } from "./tokenizerFiles";
import { decodeUtf8, wellFormed } from "./utf8";

/** Per token: the characters it covers, `text.slice(starts[i], ends[i])`. */
export interface TokenOffsets {
  starts: number[];
  ends: number[];
}

export class Spelling {
  private readonly dir: string;
  private readonly nfc: boolean;
  private readonly pieces: boolean;
  private readonly added: ReadonlySet<number>;
  private readonly swallowing: readonly Swallowing[];
  private readonly bytesById: (Uint8Array | undefined)[] = [];

  constructor(
    { dir, nfc, spelling }: TokenizerFiles,
    private readonly bpe: BpeTokenizer,
    private readonly vocabSize: number,
  ) {
    this.dir = dir;
    this.nfc = nfc;
    this.pieces = spelling === "pieces";
    const added = bpe.get_added_tokens_decoder();
    this.added = new Set(added.keys());
    this.swallowing = [...added.values()].filter(({ lstrip, rstrip }) => lstrip || rstrip);
  }

  /** As `Tokenizer.decode`. */
  decode(ids: readonly number[]): string {
    const { text } = decodeUtf8(this.bytes(ids));
    return this.pieces && text.startsWith(" ") ? text.slice(1) : text;
  }

  /** As `Tokenizer.offsets`. */
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
  private mapTo(text: string, spelled: string, segments: readonly number[]): OffsetMap {
    const clean = wellFormed(text);
    const direct = this.spelledBy(clean, spelled, segments);
    if (direct) return direct;
    const swallowed = afterSwallowing(clean, this.swallowing);
    const rest = swallowed && this.spelledBy(swallowed.text, spelled, segments);
    if (rest) return { start: (at) => swallowed.start(rest.start(at)), end: (at) => swallowed.end(rest.end(at)) };
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

  private spelledBy(text: string, spelled: string, segments: readonly number[]): OffsetMap | undefined {
    if (spelled === text) return { start: (at) => at, end: (at) => at };
    if (this.pieces) return withoutInserted(text, spelled, segments);
    return this.nfc ? originalOffsets(text, spelled) : undefined;
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
    const spelled = this.pieces ? pieceBytes : byteLevel;
    const bytes = this.added.has(id) ? new TextEncoder().encode(token) : spelled(token);
    this.bytesById[id] = bytes;
    return bytes;
  }
}
