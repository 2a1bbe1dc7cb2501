/** A judge whose model says what a test wants, and the official codes' transcripts. */
import type { TestContext } from "node:test";
import { ShardedLog, wholeShard } from "../../../lib/base/shardedLog";
import type { AnahLanguage } from "../../../lib/factuality/annotators/anahPrompts";
import { callLog, callSchema, Judge } from "../../../lib/factuality/annotators/judge";
import type { Passage } from "../../../lib/factuality/knowledge/knowledge";
import type { Question } from "../../../lib/factuality/records";
import { scratch } from "../../golden/fixtures";
import { readGolden } from "../../golden/golden";
import { clientFor, completion, fakeServer, send, type FakeServer, type Seen } from "../../server/fake";

interface Golden {
  anah: {
    question: string;
    document: string;
    sentence: string;
    cases: { language: AnahLanguage; replies: string[]; turns: [string, string][][]; label: string }[];
  };
  factscore: {
    topic: string;
    cases: { passages: Passage[]; fact: string; reply: string; prompt: string; supported: boolean }[];
  };
  bm25: { documents: string[][]; queries: string[][]; scores: number[][] };
}
export const golden = readGolden<Golden>("annotators.json");
export const ask = (content: string): Question => ({
  id: "q",
  topic: "Graz",
  prompt: [
    { role: "system", content: "Be brief." },
    { role: "user", content },
  ],
});

/** A judge behind which `say` speaks; a new one on the same folder finds the earlier replies. */
export async function scripted(
  t: TestContext,
  say: (seen: Seen, n: number) => string,
  tries = 2,
  dir = scratch(t),
): Promise<{ judge: Judge; server: FakeServer; client: ReturnType<typeof clientFor>; dir: string; close: () => void }> {
  const server = await fakeServer(t, (response, seen, n) => send(response, completion(seen, say(seen, n))));
  const client = clientFor(server);
  const log = new ShardedLog(dir, callLog, wholeShard, callSchema);
  return { judge: new Judge(client, log, { seed: 10, tries }), server, client, dir, close: () => log.close() };
}
export const said = ({ body }: Seen): string => body.messages!.at(-1)!.content;
