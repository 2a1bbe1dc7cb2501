/**
 * The text of a completion while it is written: what is sure to stay, up to the first stop sequence. A token may end
 * within a character, whose bytes so far spell U+FFFD, and a text within what may become a stop sequence; both wait.
 */
export class Writing {
  /** So far. */
  text = "";
  /** Whether a stop sequence ended it. */
  stopped = false;

  /**
   * @param decode the text of ids; of more ids it is a longer one, but for U+FFFD at its end
   * @param stops texts before which it ends, none of them empty
   * @param said hears every piece of the text in order
   */
  constructor(
    private readonly decode: (ids: readonly number[]) => string,
    private readonly stops: readonly string[],
    private readonly said: (piece: string) => void,
  ) {}

  /** After each token, with all ids so far. @returns whether a stop sequence has come */
  add(ids: readonly number[]): boolean {
    const whole = this.decode(ids);
    const ends = this.stops.map((stop) => whole.indexOf(stop)).filter((at) => at >= 0);
    this.stopped = ends.length > 0;
    this.extend(this.stopped ? whole.slice(0, Math.min(...ends)) : this.sure(whole));
    return this.stopped;
  }

  /** The text is whole. */
  end(ids: readonly number[]): void {
    if (!this.stopped) this.extend(this.decode(ids));
  }

  private extend(text: string): void {
    if (text.length <= this.text.length) return;
    const piece = text.slice(this.text.length);
    this.text = text;
    this.said(piece);
  }

  private sure(whole: string): string {
    const text = whole.replace(/\uFFFD+$/, "");
    const longest = Math.max(0, ...this.stops.map(({ length }) => length - 1));
    for (let length = Math.min(longest, text.length); length > 0; length--)
      if (this.stops.some((stop) => stop.startsWith(text.slice(-length)))) return text.slice(0, -length);
    return text;
  }
}
