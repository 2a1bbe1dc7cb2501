/**
 * Pieces of one's own (an objective, a mask, an annotator) for this process. A piece is known by a name that holds a
 * hash of its source, so that results of an earlier version are never taken for those of this one. Values it takes
 * from outside its source are not seen: a piece that depends on some has them in its name.
 */
import { z } from "zod";
import { UserError } from "./check";
import { sha256 } from "./hash";

/** `own:<name>@<hash of its source>` */
export type OwnName = `own:${string}`;

export const ownNameSchema = z.custom<OwnName>((name) => typeof name === "string" && isOwn(name), {
  message: "expected a name that defineMask, defineObjective or defineAnnotator returned",
});

export function isOwn(name: string): name is OwnName {
  return name.startsWith("own:");
}

/** The pieces of one kind. */
export class OwnPieces<Piece> {
  private readonly pieces = new Map<string, Piece>();

  /** @param kind for messages @param define what a reader calls, for messages */
  constructor(
    private readonly kind: string,
    private readonly define: string,
  ) {}

  /** @param source of all its functions @throws UserError for a name that does not fit into names of runs */
  add(name: string, piece: Piece, source: string): OwnName {
    if (!/^[\w. -]+$/.test(name))
      throw new UserError({
        where: this.define,
        expected: "a name of letters, digits, spaces, dots and dashes",
        got: JSON.stringify(name),
        fix: "Give it another name.",
      });
    const own: OwnName = `own:${name}@${sha256(source).slice(0, 8)}`;
    this.pieces.set(own, piece);
    return own;
  }

  /** @throws UserError for a piece that was not defined in this process, or in another wording */
  get(name: OwnName): Piece {
    const piece = this.pieces.get(name);
    if (piece !== undefined) return piece;
    throw new UserError({
      where: name,
      expected: `${this.kind} defined in this process: ${[...this.pieces.keys()].join(", ") || "there is none"}`,
      got: "another name",
      fix: `Call ${this.define} first, and use the name it returns.`,
    });
  }
}
