/** Questions that say which facts to state: what they ask, what answers them, and what is refused. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { hashOf } from "../../lib/base/hash";
import { Rng } from "../../lib/base/rng";
import { answerTotals } from "../../lib/evaluation/answerTotals";
import { annotateCandidates } from "../../lib/factuality/annotator";
import { questionSchema, type Question } from "../../lib/factuality/records";
import { promptIds } from "../../lib/text/prompt";
import { loadTokenizer } from "../../lib/text/tokenizer";
import { agendaOf, agendaQuestion, keepsToAgenda, relationsOf } from "../../lib/world/agenda";
import { loadAtlas } from "../../lib/world/atlas";
import { atlasFolder } from "../../lib/world/facts";
import { atlasAnnotator, oracleAnnotator } from "../../lib/world/oracle";
import { KINDS, kindOf } from "../../lib/world/question";
import { truths } from "../../lib/world/relation";
import { pretrainingDocuments, renderAgenda, renderAnswerTo } from "../../lib/world/render";

const [free, fixed] = [loadAtlas(), loadAtlas("fixed")];
const splits = ["train", "validation", "test", "ood"] as const;
const brno = free.topic("brno");
const five = ["country", "currency", "language", "population", "latitude"] as const;
const asked = agendaQuestion(brno, "people", "train", 0, five);

test("a question names its facts in order, in the split's wording, and its id says them", () => {
  assert.equal(asked.prompt[0]!.content, "Give Brno's country, currency, language, population and latitude.");
  assert.deepEqual(agendaOf(asked), [...five]);
  assert.deepEqual(relationsOf(asked), [...five]);
  assert.equal(kindOf(asked), "people");
  const one = agendaQuestion(brno, "place", "test", 0, ["climate"]);
  assert.equal(one.prompt[0]!.content, "What are the climate zone of Brno?");
  const open = free.splits.train.find(({ topic }) => topic === "brno")!;
  assert.equal(agendaOf(open), undefined);
  assert.deepEqual(relationsOf(open), KINDS[kindOf(open)].relations);
  for (const id of ["mine:a:b", "brno:place:", "brno:place:country+constructor", "q"])
    assert.equal(agendaOf({ id }), undefined, `${id} is somebody's own`);
});

test("the topics and kinds of free questions; eight facts that the topic has; no shared wording", () => {
  const wordings = new Map<string, Set<string>>();
  for (const split of splits) {
    const key = ({ id, topic }: Question): string => `${topic} ${kindOf({ id })}`;
    assert.deepEqual(fixed.splits[split].map(key), free.splits[split].map(key), split);
    for (const question of fixed.splits[split].map((row) => questionSchema.parse(row))) {
      const agenda = agendaOf(question)!;
      const topic = fixed.topic(question.topic);
      assert.ok(agenda.length === 8 && new Set(agenda).size === 8, question.id);
      assert.ok(agenda.every((name) => KINDS[kindOf(question)].relations.includes(name)));
      assert.ok(agenda.every((name) => truths(name, topic)!.length > 0));
      const wording = question.prompt[0]!.content.replace(topic.name, "{x}").replace(/(?<=(the|'s) ).*(?= of|\.)/, "");
      wordings.set(wording, (wordings.get(wording) ?? new Set()).add(split));
    }
  }
  for (const [wording, own] of wordings) assert.equal(own.size, 1, wording);
  const all = splits.flatMap((split) => fixed.splits[split].map(({ id }) => id));
  assert.equal(new Set(all).size, all.length);
  const first = new Set(fixed.splits.train.map((question) => agendaOf(question)![0]));
  assert.ok(first.size > 20, "the order is random");
});

test("an answer keeps to its agenda when it states each fact once, in any order, and nothing else", () => {
  const rng = new Rng("agenda");
  const answer = renderAgenda(brno, five, rng);
  const sentences = answer.split(/(?<=\.) /);
  assert.equal(sentences.length, 5);
  assert.ok(keepsToAgenda(asked, answer));
  assert.ok(keepsToAgenda(asked, rng.shuffle(sentences).join(" ")));
  const wrong = answer.replace(/Czech\w*/, "Norway");
  assert.ok(keepsToAgenda(asked, wrong), "also what is wrong");
  const refused: [string, string][] = [
    ["a fact left out", sentences.slice(1).join(" ")],
    ["nothing", ""],
    ["another fact", `${answer} Its continent is Europe.`],
    ["another instead", [...sentences.slice(1), "Its continent is Europe."].join(" ")],
    ["a fact twice", `${answer} ${sentences[0]!}`],
    ["one twice for another", [...sentences.slice(1), sentences[1]!].join(" ")],
    ["a pleasantry", `${answer} It is worth a visit.`],
    ["no end", answer.slice(0, -3)],
  ];
  for (const [what, text] of refused) assert.ok(!keepsToAgenda(asked, text), what);
  assert.ok(keepsToAgenda(free.splits.train[0]!, ""), "who may choose keeps to it with anything");
});

test("the annotator refuses whole what does not keep to it, and says what is right and wrong of the rest", async () => {
  const annotator = atlasAnnotator(fixed);
  const verdicts = async (text: string) =>
    (await annotator.annotate(asked, text)).map(({ verdict }) => verdict.slice(0, 3));
  const answer = "Its country is Czechia. People pay in Euro. People speak Czech. It has 400 thousand people.";
  const right = `${answer} Its latitude is 50 north.`;
  const byOracle = oracleAnnotator(fixed)
    .annotate(asked, right)
    .map(({ verdict }) => verdict.slice(0, 3));
  assert.deepEqual(await verdicts(right), byOracle);
  assert.equal(byOracle[1], "con", "not the euro");
  assert.ok(byOracle.includes("sup"));
  assert.deepEqual(await verdicts(answer), ["unv", "unv", "unv", "unv"]);
});

test("totals: who leaves out what is asked has all of it wrong, by both evaluators", async () => {
  const question = fixed.splits.test[0]!;
  const answer = renderAnswerTo(fixed, question, new Rng(1));
  const candidates = [
    answer,
    answer
      .split(/(?<=\.) /)
      .slice(0, 3)
      .join(" "),
    "",
  ].map((completion, index) => ({
    questionId: question.id,
    index,
    completion,
    seed: 1,
  }));
  const sums = async (kept: typeof candidates) => {
    const { sums } = answerTotals(fixed, [question], await annotateCandidates(kept, [question], atlasAnnotator(fixed)));
    const { sentences, correct, incorrect, score, supported, factShare, factAnswers, facts } = sums;
    return { counts: [sentences, correct, incorrect, score].flat(), supported, factShare, factAnswers, facts };
  };
  const whole = await sums(candidates.slice(0, 1));
  assert.deepEqual(whole.counts, [8, 8, 0, 1]);
  assert.deepEqual(whole.factShare, [1]);
  for (const left of [candidates[1]!, candidates[2]!]) {
    const { counts, supported, factShare, factAnswers, facts } = await sums([left]);
    assert.deepEqual(counts, [8, 0, 8, 0]);
    assert.deepEqual([supported, factShare, factAnswers, facts].flat(), [0, 0, 1, 8]);
  }
});

test("pretraining: half and half, every agenda answered by its facts alone, and free texts alone as they were", () => {
  const draw = pretrainingDocuments(fixed, 0.5);
  const rng = new Rng("both");
  const documents = Array.from({ length: 4000 }, () => draw(rng));
  const askedIn = ({ prompt, topicId }: (typeof documents)[number]): string[] =>
    prompt[0]!.content.replace(free.topic(topicId).name, "{x}").split(/, | and /);
  const isFixed = (document: (typeof documents)[number]): boolean => askedIn(document).length > 2;
  const told = documents.filter(isFixed);
  assert.ok(Math.abs(told.length / documents.length - 0.5) < 0.03);
  const oracle = oracleAnnotator(fixed);
  const lengths = new Map<number, number>();
  for (const document of told) {
    const { prompt, completion, topicId } = document;
    const row: Question = { id: `${topicId}:place`, topic: topicId, prompt };
    const judged = oracle.annotate(row, completion);
    assert.ok(judged.every(({ verdict }) => verdict === "supported"));
    assert.equal(new Set(judged.map(({ relation }) => relation)).size, judged.length);
    assert.equal(askedIn(document).length, judged.length);
    lengths.set(judged.length, (lengths.get(judged.length) ?? 0) + 1);
  }
  assert.deepEqual([...lengths.keys()].sort(), [5, 6, 7, 8, 9]);
  assert.ok([...lengths.values()].every((count) => Math.abs(count / told.length - 0.2) < 0.04));
  const [own, plain] = [new Rng("documents"), pretrainingDocuments(free)];
  const hash = hashOf(Array.from({ length: 50 }, () => plain(own))).slice(0, 16);
  assert.equal(hash, "0df6b26736db252c", "what the bases that ship were pretrained on");
});

test("prompt and answer fit the positions of the base", () => {
  const tokenizer = loadTokenizer(atlasFolder);
  const rng = new Rng("fit");
  const most = Math.max(
    ...new Rng("some")
      .shuffle(splits.flatMap((split) => fixed.splits[split]))
      .slice(0, 600)
      .map((question) => {
        const answer = renderAnswerTo(fixed, question, rng);
        return promptIds(tokenizer, question.prompt).length + tokenizer.encode(answer).ids.length + 1;
      }),
  );
  assert.ok(most <= 128, `${most} tokens`);
});
