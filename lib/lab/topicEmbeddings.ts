import type { Session } from "./session";
export const embeddingNames = ["base", "other", "words", "geography", "random"] as const;
export type EmbeddingName = (typeof embeddingNames)[number];
export async function topicVectors(_session: Session, _name: EmbeddingName): Promise<ReadonlyMap<string, ArrayLike<number>>> { throw new Error("later"); }
