/** Numbers as the page says them. */
export { percent } from "../../../show/browser/dom";

export const number = (value: number): string => value.toLocaleString("en");
export const signed = (value: number, digits: number): string =>
  `${value < 0 ? "−" : "+"}${Math.abs(value).toFixed(digits)}`;
/** Pushes are of many sizes. */
export const pushText = (value: number): string => (value === 0 ? "0" : value.toPrecision(2));
export const several = (count: number, one: string, many = `${one}s`): string =>
  `${number(count)} ${count === 1 ? one : many}`;
