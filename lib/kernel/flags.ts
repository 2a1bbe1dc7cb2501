/** What the command line takes for a number. */
import { InvalidArgumentError } from "commander";

/** A parser of numbers in a range. */
export function number(min: number, max = Infinity, whole = false): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (text.trim() === "" || !Number.isFinite(value) || value < min || value > max || (whole && !Number.isInteger(value))) {
      throw new InvalidArgumentError(`Expected a ${whole ? "whole " : ""}number ${max === Infinity ? `of at least ${min}` : `from ${min} to ${max}`}.`);
    }
    return value;
  };
}

/** A whole number from 1 on. */
export const count = number(1, Infinity, true);
