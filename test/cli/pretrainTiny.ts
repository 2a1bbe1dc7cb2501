// A base small enough to be pretrained in seconds, by the code that pretrains Atlas's: node --import tsx pretrainTiny.ts <folder>
import { startEngine } from "../../lib/engine/backend";
import { pretrain } from "../../lib/steps/pretrain";
import { loadTokenizer } from "../../lib/text/tokenizer";
import { atlasFolder } from "../../lib/world/facts";

const recipe = {
  seed: 3,
  hiddenSize: 8,
  layers: 1,
  heads: 2,
  kvHeads: 1,
  intermediateSize: 16,
  steps: 110,
  batch: 1,
  lr: 1e-2,
};
void startEngine().then(() => pretrain(recipe, loadTokenizer(atlasFolder), process.argv[2]!));
