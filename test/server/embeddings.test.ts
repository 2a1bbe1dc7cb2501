/** Embeddings by a server: in the order of the texts, asked for again where some are missing, kept by notebooks. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { topicVectors } from "../../lib/lab/topicEmbeddings";
import { embedTexts } from "../../lib/server/embeddings";
import { loadAtlas } from "../../lib/world/atlas";
import { userError } from "../golden/fixtures";
import { knownSession } from "../paper/known";
import { clientFor, fakeServer, send, type Answer, type Seen } from "./fake";

/** As many numbers as wanted, of which the first is the length of the text. */
const vectorOf = (text: string, width: number): number[] => [text.length, ...Array<number>(width - 1).fill(0.5)];
const inputOf = ({ body }: Seen): string[] => body["input"] as string[];
/** Last text first, as a server may have them. */
const answer = (seen: Seen, width = 3): { data: object[] } => ({
  data: inputOf(seen)
    .map((text, index) => ({ object: "embedding", index, embedding: vectorOf(text, width) }))
    .reverse(),
});
const good: Answer = (response, seen) => send(response, answer(seen));

test("vectors come in the order of the texts, some at a time", async (t) => {
  const server = await fakeServer(t, good);
  const texts = Array.from({ length: 150 }, (_, i) => "x".repeat(i));
  const heard: number[] = [];
  const vectors = await embedTexts(clientFor(server), texts, (done) => heard.push(done));
  assert.deepEqual(
    vectors.map(([length]) => length),
    texts.map(({ length }) => length),
  );
  assert.ok(vectors.every(({ length }) => length === 3));
  assert.equal(heard.at(-1), texts.length);
  assert.ok(server.seen.every((seen) => seen.path === "/v1/embeddings" && inputOf(seen).length <= 100));
});

const missing = (seen: Seen): object => ({ data: answer(seen).data.slice(1) });
const twice = (seen: Seen): object => ({ data: answer(seen).data.map((row) => ({ ...row, index: 0 })) });
const negative = (seen: Seen): object => ({ data: answer(seen).data.map((row, i) => ({ ...row, index: i - 1 })) });
const uneven = (seen: Seen): object => ({
  data: inputOf(seen).map((text, index) => ({ index, embedding: vectorOf(text, 2 + index) })),
});
const faults: Record<string, (seen: Seen) => object> = {
  missing,
  twice,
  negative,
  uneven,
  empty: () => ({ data: [] }),
};

for (const [name, fault] of Object.entries(faults))
  test(`an answer with vectors that are ${name} is asked for again`, async (t) => {
    const server = await fakeServer(t, (response, seen, n) => send(response, n === 0 ? fault(seen) : answer(seen)));
    assert.equal((await embedTexts(clientFor(server), ["a", "bb"])).length, 2);
    assert.equal(server.seen.length, 2);
  });

test("vectors of another length than those before are none", async (t) => {
  const server = await fakeServer(t, (response, seen, n) => send(response, answer(seen, n === 0 ? 3 : 4)));
  const asked = embedTexts(clientFor(server, { retries: 0 }), Array<string>(100).fill("a"));
  await assert.rejects(asked, userError(/expected embeddings, got .*an embedding of 4 numbers among some of 3/));
});

test("a notebook's vectors of all topics are asked for once, and kept for a session without the server", async (t) => {
  const server = await fakeServer(t, good);
  const session = { ...knownSession(t, loadAtlas()), embeddings: { url: server.url, model: "m" } };
  const vectors = await topicVectors(session, "served");
  assert.deepEqual(
    session.atlas.topics.map(({ id }) => vectors.get(id)![0]),
    session.atlas.topics.map(({ name }) => name.length),
  );
  const { length } = server.seen;
  const embeddings = { url: "http://127.0.0.1:1/v1", model: "m" };
  const gone = { ...session, embeddings, runs: `${session.runs}/.` }; // of another name, so that its disk is read
  assert.equal((await topicVectors(gone, "served")).size, vectors.size);
  assert.equal(server.seen.length, length);
});
