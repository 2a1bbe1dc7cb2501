/** What tfjs's native backend lacks: two helpers of Node that it calls. */
import util from "node:util";

/**
 * @tensorflow/tfjs-node-gpu 4.22 asks `util` of Node what is null and what is an array. Node 22 warns at that, and from
 * 23 on both helpers are gone, so that the package loads but no kernel runs. Call before a kernel does. Remove this
 * when the package asks no more: test/engine/repairs.test.ts fails then.
 */
export function repairNative(): void {
  const isNullOrUndefined = (value: unknown): boolean => value === null || value === undefined;
  Object.assign(util, { isNullOrUndefined, isArray: Array.isArray });
}
