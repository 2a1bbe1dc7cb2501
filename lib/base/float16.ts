/**
 * Numbers of 16 bits: bfloat16 (a float32 cut off) and IEEE half precision, under the names safetensors has for them.
 */
export type HalfType = "BF16" | "F16";

/** Into float32, exactly. */
export function widenHalves(from: Uint16Array, type: HalfType, to: Float32Array): void {
  if (type === "F16") {
    for (let i = 0; i < from.length; i++) to[i] = halfFloat(from[i]!);
    return;
  }
  const bits = new Uint32Array(to.buffer, to.byteOffset, from.length);
  for (let i = 0; i < from.length; i++) bits[i] = from[i]! << 16;
}

/** IEEE half precision, exactly. */
export function halfFloat(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 0x1f;
  const fraction = bits & 0x3ff;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 31) return fraction ? NaN : sign * Infinity;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

/** The nearest number of half precision, the even one of two that are equally near; too large a one is infinite. */
export function nearestHalf(value: number): number {
  const sign = value < 0 || Object.is(value, -0) ? 0x8000 : 0;
  const size = Math.abs(value);
  if (Number.isNaN(size)) return 0x7e00;
  if (size >= 65520) return sign | 0x7c00; // half way to what would come after the largest
  const exponent = Math.max(-14, Math.floor(Math.log2(size)));
  const steps = size / 2 ** (exponent - 10); // 1024 to 2048, fewer below 2 ** -14
  const even = 2 * Math.round(steps / 2);
  const whole = Math.abs(steps - Math.trunc(steps)) === 0.5 ? even : Math.round(steps);
  const bits = (exponent + 14) * 1024 + whole; // a carry goes into the exponent by itself
  return sign | bits;
}

/** Index of the first number that is not finite, -1 where all are. */
export function firstNonFinite(bits: Uint16Array, type: HalfType): number {
  const exponent = type === "BF16" ? 0x7f80 : 0x7c00;
  for (let i = 0; i < bits.length; i++) if ((bits[i]! & exponent) === exponent) return i;
  return -1;
}
