/** Loads tokenizers from folders. */
import { UserError } from "../base/check";
import { SpellingTokenizer, type Encoding, type Tokenizer } from "./spellingTokenizer";
import { readTokenizerFiles } from "./tokenizerFiles";

export type { Encoding, Tokenizer };

/**
 * Loads tokenizer.json and what goes with it.
 * @throws UserError for a missing or malformed file, another kind of tokenizer, or as `checkVocabulary`
 */
export function loadTokenizer(dir: string): Tokenizer {
  const files = readTokenizerFiles(dir);
  const tokenizer = new SpellingTokenizer(files);
  checkVocabulary(tokenizer, files.rows, dir); // before a text is refused for a token that is not to blame
  return tokenizer;
}

/**
 * A token that was added without a row in the embedding does no harm until a text has it, which `encode` and `offsets`
 * refuse then.
 * @throws UserError when the tokenizer has other ids that the model has no row for
 * @param where the checkpoint, for the message
 */
export function checkVocabulary(tokenizer: Tokenizer, modelVocabSize: number, where: string): void {
  if (tokenizer.neededIds <= modelVocabSize) return;
  throw new UserError({
    where,
    expected: `a tokenizer with at most ${modelVocabSize} ids (vocab_size of config.json)`,
    got: `ids up to ${tokenizer.vocabSize - 1} in ${tokenizer.dir}`,
    fix: "Use the tokenizer this model was trained with.",
  });
}
