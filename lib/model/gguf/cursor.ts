/** Reads a file from its beginning, in pieces; no length in it is believed before it is known to fit the rest. */
import { UserError } from "../../base/check";
import { damaged, fill } from "../safetensors/header";

/** A header of more bytes is none that a model has. */
const mostText = 1 << 24;
const piece = 1 << 20;

export class Cursor {
  position = 0;
  private window = Buffer.alloc(0);
  private start = 0;

  /** @param size of the file, in bytes */
  constructor(
    readonly file: string,
    private readonly fd: number,
    readonly size: number,
  ) {}

  /** The next `length` bytes. @throws UserError where the file ends before */
  take(length: number, what: string): Buffer {
    this.fits(1, length, what);
    const at = this.position - this.start;
    if (at + length > this.window.length) {
      this.start = this.position;
      this.window = Buffer.alloc(Math.min(Math.max(piece, length), this.size - this.position));
      fill(this.fd, this.file, this.start, this.window);
    }
    const from = this.position - this.start;
    this.position += length;
    return this.window.subarray(from, from + length);
  }

  u32(what: string): number {
    return this.take(4, what).readUInt32LE();
  }

  /** A size or offset. @throws UserError above 2^53, which no file is */
  size64(what: string): number {
    const value = this.take(8, what).readBigUInt64LE();
    if (value > BigInt(Number.MAX_SAFE_INTEGER)) throw this.broken(`${what} that fits the file`, `${value}`);
    return Number(value);
  }

  /** How many things of at least `least` bytes follow. @throws UserError for more than the rest of the file can hold */
  count(least: number, what: string): number {
    const value = this.size64(`the number of ${what}`);
    this.fits(value, least, what);
    return value;
  }

  /** A text in UTF-8 behind its length. */
  text(what: string): string {
    const length = this.count(1, `bytes of ${what}`);
    if (length > mostText) throw this.broken(`${what} of at most ${mostText} bytes`, `${length}`);
    return this.take(length, what).toString("utf8");
  }

  /** @throws UserError unless so many of at least so many bytes can follow */
  fits(count: number, least: number, what: string): void {
    const rest = this.size - this.position;
    if (count * least > rest) throw this.broken(`${count} ${what}`, `${rest} bytes to the end of the file`);
  }

  broken(expected: string, got: string): UserError {
    return new UserError({ where: this.file, expected, got, fix: damaged });
  }
}
