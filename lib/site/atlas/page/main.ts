/** The page "Atlas in the browser". */
import type { MaskKind } from "../../../preference/mask";
import type { Asked, Reply, TopicEntry } from "../protocol";
import { tabSize } from "../size";
import type { TokenTrack } from "../track";
import { AnswersPanel } from "./answers";
import { byId, choices, element } from "../../../show/browser/dom";
import { maskLabels, PairPanel } from "./pair";
import { StepsPanel } from "./steps";
import { legend } from "./texts";
import { TrainingPanel } from "./training";
import { startWorker } from "./worker";

declare global {
  var maskDpoTrack: TokenTrack;
}

const answers = new AnswersPanel();
const pair = new PairPanel();
const training = new TrainingPanel();
const city = byId<HTMLInputElement>("city");
const question = byId<HTMLSelectElement>("question");
let topics = new Map<string, TopicEntry>();
let mask: MaskKind = "paper";
let asked: Asked | undefined;
let sent = 0;
/** What the page opens with: one that the base half knows. */
const firstCity = "Milan, Italy";

const say = (text: string): void => void (byId("status").textContent = text);
const busy = (text: string): void => {
  say(text);
  for (const id of ["ask", "train"]) byId<HTMLButtonElement>(id).disabled = true;
  byId<HTMLButtonElement>("stop").disabled = false;
};
const free = (text: string): void => {
  say(text);
  for (const id of ["ask", "train"]) byId<HTMLButtonElement>(id).disabled = false;
  byId<HTMLButtonElement>("stop").disabled = true;
};
const seconds = (since: number): string => `${((performance.now() - since) / 1000).toFixed(1)} s`;

/** The topic whose label, or else whose name, was typed. */
function topicTyped(): TopicEntry | undefined {
  const typed = city.value.trim().toLowerCase();
  const all = [...topics.values()];
  return topics.get(typed) ?? all.find(({ name }) => name.toLowerCase() === typed);
}

function showQuestions(): void {
  const topic = topicTyped();
  city.setAttribute("aria-invalid", String(!topic));
  byId("unknown").textContent = topic ? "" : "Atlas has no such city or country; pick one of the list.";
  const options = topic?.questions.map((text) => element("option", "", text, { value: text })) ?? [];
  question.replaceChildren(...options);
}

function ask(): void {
  const topic = topicTyped();
  if (!topic) return city.focus();
  asked = {
    topic: topic.id,
    question: question.value,
    k: Number(byId<HTMLSelectElement>("k").value),
    seed: byId<HTMLInputElement>("seed").valueAsNumber || 0,
  };
  answers.clear();
  pair.show(undefined, "");
  byId("asked").replaceChildren(...askedLine(asked, "Asked: ", `; ${asked.k} candidates, seed ${asked.seed}`));
  busy("answering …");
  sent = performance.now();
  send({ kind: "ask", ...asked });
}

/** What the answers below it answer: the form may hold another question by then. */
function askedLine({ question }: Asked, before: string, after = ""): (Node | string)[] {
  return [before, element("q", "", question), after];
}

function train(): void {
  if (!asked) return;
  training.clear();
  byId("changing-asked").replaceChildren(...askedLine(asked, "The answer as it changes, to: "));
  busy("sampling questions to train on …");
  sent = performance.now();
  send({ kind: "train", mask, size: tabSize, seed: asked.seed, asked });
}

function opened(entries: TopicEntry[]): void {
  topics = new Map(entries.map((entry) => [entry.label.toLowerCase(), entry]));
  byId("cities").replaceChildren(...entries.map(({ label }) => element("option", "", [], { value: label })));
  city.value = firstCity;
  showQuestions();
}

function take(reply: Reply): void {
  switch (reply.kind) {
    case "ready":
      return opened(reply.topics);
    case "answers":
      answers.show(reply.policy, reply.greedy, reply.answers);
      if (reply.greedy && reply.policy === "base") say(`first answer after ${seconds(sent)}; sampling candidates …`);
      return;
    case "pair":
      pair.show(reply.pair, reply.why);
      if (reply.pair) answers.mark(reply.pair);
      return;
    case "heat":
      return pair.showHeat(reply.policy, reply.heat);
    case "progress":
      return say(reply.text);
    case "step":
      return training.step(reply.log, reply.answer);
    case "failed":
      return free(`That failed: ${reply.message}`);
    case "done":
      if (reply.of === "open") ask();
      else if (reply.stopped) free("stopped");
      else free(reply.of === "ask" ? `answered in ${seconds(sent)}` : trained());
  }
}

function trained(): string {
  return `trained in ${seconds(sent)}; ask again, and the policy of this tab answers beside the others`;
}

byId("legend").append(legend());
byId("train-mask").append(choices("Mask to train with", maskLabels, mask, (picked) => void (mask = picked)));
city.addEventListener("input", showQuestions);
byId("asking").addEventListener("submit", (event) => {
  event.preventDefault();
  ask();
});
byId("train").addEventListener("click", train);
new StepsPanel(maskDpoTrack);
const send = startWorker(take);
byId("stop").addEventListener("click", () => {
  send({ kind: "stop" });
  say("stopping …");
});
