/** Our training as a peer process (its engine is chosen by ENGINE): one step a request. */
import { createInterface } from "node:readline";
import { seconds } from "./race";
import { stepper } from "./train";
import { atlasWork } from "./work";

async function main(): Promise<void> {
  const reply = (message: object) => process.stdout.write(`${JSON.stringify(message)}\n`);
  const requests = createInterface({ input: process.stdin })[Symbol.asyncIterator]();
  await requests.next(); // the set-up says nothing it needs
  const step = stepper(await atlasWork());
  reply({ ready: true });
  while (!(await requests.next()).done) {
    let loss = NaN;
    const took = await seconds(async () => {
      ({ loss } = await step());
    });
    reply({ seconds: took, loss });
  }
}
void main();
