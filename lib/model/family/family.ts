/** What a family of models is: how Hugging Face writes its config.json, and how it names its tensors. */
import type { TransformerConfig } from "../config";

/** Projections of a layer. */
export type LinearPart = "query" | "key" | "value" | "output" | "gate" | "up" | "down";
/** Norms of a layer: before and after attention and the feed-forward part, of queries and keys. */
export type NormPart = "attentionNorm" | "attentionOutputNorm" | "mlpNorm" | "mlpOutputNorm" | "queryNorm" | "keyNorm";
export type LayerPart = LinearPart | NormPart;

/** Rows of the parts that share a tensor, among that tensor's. */
export type PartRows = Partial<Record<LinearPart, Int32Array>>;

/**
 * Modules as transformers names them; their tensors are `<module>.weight` and, where there is one, `<module>.bias`.
 *
 * Shapes follow from what a module is for (`weights.ts`), and so do the targets of adapters: the last word of each
 * projection. Which norms there are is the family's. Parts that are stored in one tensor (queries, keys and values,
 * say) have one name, and `Family.rows` says which rows are whose; `layerTensors.ts` takes them.
 */
export interface TensorNames {
  /** "model.embed_tokens" */
  embedding: string;
  /** layer i is `<layers>.<i>` */
  layers: string;
  /** of a layer, below its own name, in transformers' order */
  layer: Readonly<Record<LinearPart, string> & Partial<Record<NormPart, string>>>;
  /** after the last layer */
  norm: string;
  /** absent from checkpoints where it is tied to the embedding */
  head: string;
}

/** One family: a file of this folder and a line of `registry.ts`. CONTRIBUTING says how to add one. */
export interface Family {
  /** transformers' class, the first of config.json's `architectures` */
  architecture: string;
  /** config.json's `model_type`, which stands for the class where that is not named */
  modelType: string;
  names: TensorNames;
  /** where parts share a tensor */
  rows?: (config: TransformerConfig) => PartRows;
  /**
   * Reads a parsed config.json, of transformers 4 or 5. Keys that change nothing here are ignored.
   * @param where file name for messages
   * @throws UserError for a missing key, or one that would change the computation and is not supported, by its name
   */
  read: (value: unknown, where: string) => TransformerConfig;
  /**
   * The config.json that transformers 4 and 5 read back as this model.
   * @throws Error for a shape the family cannot have
   */
  write: (config: TransformerConfig) => Record<string, unknown>;
}
