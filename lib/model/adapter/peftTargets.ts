/** Which modules an adapter adapts, as PEFT reads target_modules of its adapter_config.json. */
import { withinTime } from "../../base/deadline";
import type { TransformerConfig } from "../config";
import { familyOf } from "../family/registry";
import { loraTargets, weightShapes } from "../weights";

/** A regular expression, matched against whole names ("all-linear" stands for every projection), or names or ends. */
export type TargetModules = string | readonly string[];

/**
 * Full names of the modules ("model.layers.0.self_attn.q_proj"), the output head and the embedding among them where
 * they are named.
 * @throws Error for a pattern that is not understood here, or takes too long
 */
export function targetedModules(model: TransformerConfig, targets: TargetModules): string[] {
  const modules = modulesOf(model);
  if (typeof targets !== "string")
    return modules.filter((name) => targets.some((target) => name === target || name.endsWith(`.${target}`)));
  if (targets.toLowerCase() === "all-linear") {
    const projections = loraTargets(model);
    return modules.filter((name) => projections.includes(name.split(".").at(-1)!));
  }
  const pattern = fromPython(targets);
  const found = withinTime(500, () => modules.filter((name) => pattern.test(name)));
  if (!found) throw new Error("a pattern that takes too long");
  return found.value;
}

function modulesOf(model: TransformerConfig): string[] {
  const named = [...weightShapes(model).keys()].map((name) => name.replace(/\.(weight|bias)$/, ""));
  return [...new Set([...named, familyOf(model).names.head])];
}

/** Python's syntax where JavaScript's is another; matches whole texts. */
function fromPython(pattern: string): RegExp {
  const [global, flags] = /^\(\?([ims]+)\)/.exec(pattern) ?? ["", ""];
  const body = pattern
    .slice(global.length)
    .replaceAll("(?P<", "(?<")
    .replace(/\(\?P=(\w+)\)/g, "\\k<$1>")
    .replace(/\\[AZ]/g, (anchor) => (anchor === "\\A" ? "^" : "$"));
  return new RegExp(`^(?:${body})$`, flags);
}
