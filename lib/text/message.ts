/** One message of a chat: what prompts are made of. */
import { z } from "zod";

export const messageSchema = z.object({ role: z.enum(["system", "user", "assistant"]), content: z.string() }).strict();

export type Message = z.infer<typeof messageSchema>;
