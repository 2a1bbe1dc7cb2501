/** Whether an engine computes rightly what training and sampling compute: against plain JavaScript. */
import { switchEngine, type EngineName } from "../../engine/backend";
import { engineWork, exactProduct, type Numbers } from "./engineWork";

/** One thing that was tried; `detail` has its number, or what was thrown. */
export interface Check {
  name: string;
  ok: boolean;
  detail: string;
}

/** Largest relative difference a correct engine may have: float32 sums in another order. */
const tolerance = 1e-4;

/**
 * Does a little of everything on this engine and in plain JavaScript, and compares. What an engine throws is a failed
 * check. @param engine the active one, and active again afterwards
 */
export async function checkEngine(engine: EngineName): Promise<Check[]> {
  const ours = await doAll();
  await switchEngine("cpu");
  const plain = await doAll();
  await switchEngine(engine);
  const exact = { "matrix product": { "": exactProduct() } };
  return [
    ...Object.keys(engineWork).flatMap((name) => compareAll(name, ours[name]!, { ...plain, ...exact }[name]!)),
    ...compareAll("matrix product, plain JavaScript", plain["matrix product"]!, exact["matrix product"]),
  ];
}

/** The numbers of every kind of work, or what was thrown instead. */
type Done = Numbers | Error;

async function doAll(): Promise<Record<string, Done>> {
  const done: Record<string, Done> = {};
  for (const [name, work] of Object.entries(engineWork)) {
    done[name] = await work().catch((error: unknown) => (error instanceof Error ? error : new Error(String(error))));
  }
  return done;
}

function compareAll(name: string, got: Done, expected: Done): Check[] {
  if (got instanceof Error) return [failure(name, got)];
  if (expected instanceof Error) return [failure(`${name}, plain JavaScript`, expected)];
  const named = (part: string): string => (part ? `${name}: ${part}` : name);
  return Object.entries(expected).map(([part, values]) => compare(named(part), got[part]!, values));
}

function failure(name: string, error: Error): Check {
  return { name, ok: false, detail: String(error).split("\n")[0]! };
}

/** Passes when the largest difference is small against the largest value. */
export function compare(name: string, values: ArrayLike<number>, expected: ArrayLike<number>): Check {
  let difference = 0;
  let scale = 0;
  for (let i = 0; i < expected.length; i++) {
    difference = Math.max(difference, Math.abs(values[i]! - expected[i]!));
    scale = Math.max(scale, Math.abs(expected[i]!));
  }
  const error = values.length === expected.length ? difference / scale : NaN;
  return { name, ok: error <= tolerance, detail: `relative error ${error.toExponential(1)} (at most ${tolerance})` };
}
