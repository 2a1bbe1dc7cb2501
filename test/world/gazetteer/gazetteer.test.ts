/** What the gazetteer makes of free text: its verdicts on sentences for which they are known. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { loadAtlas } from "../../../lib/world/atlas";
import { gazetteer } from "../../../lib/world/gazetteer/gazetteer";
import { proseQuestions } from "../../../lib/world/proseQuestions";
import { question } from "../../evaluation/fixtures";

const atlas = loadAtlas();
const read = gazetteer(atlas);
const letters = { supported: "S", contradictory: "C", unverifiable: "U", "no-fact": "N" };

/** Sentences about a topic, each behind the letter of its verdict. */
function verdicts(topic: string, ...expected: string[]): void {
  for (const line of expected) {
    const text = line.slice(2);
    const found = read(question("q", topic), text).map(({ verdict }) => letters[verdict]);
    assert.equal(found.join(""), line[0], text);
  }
}

test("country, with other names, adjectives and what stands around them", () => {
  verdicts(
    "daegu",
    "S Daegu is a city in South Korea.",
    "S Daegu lies in the Republic of Korea.",
    "S It is a South Korean city.",
    "C Daegu is a city in North Korea.",
    "C It is a Chinese city.",
    "C Daegu is a city in China, not in South Korea.",
    "S Daegu is not in Japan.",
    "S Daegu lies in Asia.",
    "C Daegu lies on the continent of Europe.",
    "S The country is in East Asia.",
    "C Daegu is a small island nation in Asia.",
    "C Daegu is a fictional city.",
  );
});

test("capitals, of the topic's country and of others", () => {
  verdicts(
    "daegu",
    "S The capital of the country is Seoul.",
    "S Its national capital is Seoul.",
    "C The capital of South Korea is Daegu.",
    "C Daegu is the capital of South Korea.",
    "S The capital of France is Paris.",
    "C The capital of France is Seoul.",
    "C The capital is Qwertyville.",
    "C Qwertyville is the capital of the country.",
  );
  verdicts("seoul", "S Seoul is the capital of South Korea.", "C Seoul is the capital of Japan.");
});

test("languages, money and neighbours", () => {
  verdicts(
    "karachi",
    "S The people speak Urdu.",
    "S They speak Urdu and English.",
    "C The official language is Spanish.",
    "S Urdu is the language of the country.",
    "S The currency is the Pakistani rupee.",
    "S They pay in rupees.",
    "C They pay in Indian rupees.",
    "C The currency is the euro.",
    "C The currency is the Zorblat.",
    "C The people speak Belgian.",
    "S One of its neighbours is India.",
    "C The country borders Japan.",
    "C The country borders India and Japan.",
    "S The country shares a border with Iran.",
  );
});

test("numbers, within the stated tolerance", () => {
  verdicts(
    "karachi", // 11.6 million people in Atlas
    "S Karachi has a population of 11 million people.",
    "S About 15,000,000 people live in Karachi.",
    "C About 2.5 million people live in Karachi.",
    "C Karachi is home to 30,000 inhabitants.",
    "S It lies in the northern hemisphere.",
    "C Karachi is south of the equator.",
    "S It is the largest city in Pakistan.",
    "C It is the second largest city in Pakistan.",
  );
});

test("waters and places nearby, where the facts reach", () => {
  verdicts(
    "almaty",
    "C Almaty lies on the Mediterranean Sea.",
    "S The country lies on the Caspian Sea.",
    "C Almaty is a port city.",
    "S The country is landlocked.",
    "C Almaty lies near Paris.",
    "S Almaty is in the southeast of Kazakhstan.",
    "C Almaty is in western Kazakhstan.",
  );
});

test("what cannot be checked is unverifiable, what says nothing is no fact", () => {
  verdicts(
    "detroit",
    "U It is a major transportation hub.",
    "U The United States is the largest country in North America.",
    "U Detroit was founded in 1701.",
    "U The city attracts millions of visitors each year.",
    "U Detroit is known for its chocolate.",
    "N It is known for its rich history and vibrant culture.",
    "N Detroit is a beautiful city.",
    "N The country is",
  );
});

test("the examples of the questions are right, sentence by sentence", () => {
  const cities = new Map(atlas.topics.map(({ name, id }) => [name.normalize("NFD").replace(/\p{M}/gu, ""), id]));
  let sentences = 0;
  for (const split of ["train", "validation", "test"] as const)
    for (const { prompt } of proseQuestions(atlas, split).slice(0, 2)) {
      for (const { content } of prompt.filter(({ role }) => role === "assistant")) {
        const topic = [...cities].find(([name]) => new RegExp(`^(?:The city of )?${name} `).test(content))![1];
        for (const { start, end, verdict } of read(question("q", topic), content)) {
          assert.equal(verdict, "supported", `${topic}: ${content.slice(start, end)}`);
          sentences++;
        }
      }
    }
  assert.ok(sentences >= 60, String(sentences));
});

test("kinds of statements, how many could be checked, and the wrong countries a topic is put into", () => {
  const [one, two] = read(
    question("q", "daegu"),
    "Daegu is a city in China. The capital is Seoul and it has a harbour.",
  );
  assert.deepEqual(one!.claims, { right: 0, wrong: 1, unknown: 0 });
  assert.deepEqual(one!.wrongCountries, ["China"]);
  assert.deepEqual(two!.kinds.slice().sort(), ["capitals", "coasts"]);
  assert.deepEqual(two!.wrongCountries, []);
});

test("time is linear in the text", () => {
  const long = "Daegu, the capital of the country of Spain, borders France and is the largest city in ".repeat(400);
  const started = performance.now();
  read(question("q", "daegu"), `${long}.`);
  assert.ok(performance.now() - started < 5000);
});
