/** Values of objectives as one float64 each, which remembers how it came about, so that derivatives can be taken. */
import type { Value } from "./value";

type Operand = Scalar | number;

/** A value that this one was computed from, and the slope of this one in it. */
interface Source {
  scalar: Scalar;
  slope: number;
}

export class Scalar implements Value<Scalar> {
  constructor(
    readonly value: number,
    private readonly sources: readonly Source[] = [],
  ) {}

  sub(other: Operand): Scalar {
    return this.with(other, (a, b) => a - b, 1, -1);
  }

  mul(other: Operand): Scalar {
    const factor = raw(other);
    return this.with(other, (a, b) => a * b, factor, this.value);
  }

  div(other: Operand): Scalar {
    const divisor = raw(other);
    return this.with(other, (a, b) => a / b, 1 / divisor, -this.value / divisor ** 2);
  }

  square(): Scalar {
    return this.map(this.value ** 2, 2 * this.value);
  }

  negLogSigmoid(): Scalar {
    const x = this.value;
    return this.map(Math.max(-x, 0) + Math.log1p(Math.exp(-Math.abs(x))), -1 / (1 + Math.exp(x)));
  }

  /** Derivatives of this value in each of `inputs`. */
  gradient(inputs: readonly Scalar[]): number[] {
    const order: Scalar[] = [];
    const seen = new Set<Scalar>();
    const visit = (node: Scalar): void => {
      if (seen.has(node)) return;
      seen.add(node);
      for (const { scalar } of node.sources) visit(scalar);
      order.push(node);
    };
    visit(this);
    const slopes = new Map<Scalar, number>([[this, 1]]);
    for (const node of order.reverse()) {
      const outer = slopes.get(node) ?? 0;
      for (const { scalar, slope } of node.sources) slopes.set(scalar, (slopes.get(scalar) ?? 0) + outer * slope);
    }
    return inputs.map((input) => slopes.get(input) ?? 0);
  }

  private map(value: number, slope: number): Scalar {
    return new Scalar(value, [{ scalar: this, slope }]);
  }

  private with(other: Operand, value: (a: number, b: number) => number, slope: number, otherSlope: number): Scalar {
    const sources: Source[] = [{ scalar: this, slope }];
    if (typeof other !== "number") sources.push({ scalar: other, slope: otherSlope });
    return new Scalar(value(this.value, raw(other)), sources);
  }
}

function raw(operand: Operand): number {
  return typeof operand === "number" ? operand : operand.value;
}
