/** Policies trained on other pairs, or whose mask nobody can tell any more. */
import { existsSync } from "node:fs";
import type { Warning } from "./warning";

export const otherPairs: Warning = ({ request, inputs: { pairs, trained } }) => [
  ...trained
    .filter(({ run, config }) => pairs && run && !config)
    .map(({ name }) => `${name} was not trained on the pairs of ${request.pairs}.`),
  ...trained
    .filter(({ config }) => config && !existsSync(config))
    .map(
      ({ name, config }) =>
        `What the mask of ${name} keeps is left out: there is no ${config}, of the model its adapter was trained for.`,
    ),
];
