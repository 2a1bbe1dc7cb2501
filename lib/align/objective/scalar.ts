/** Values of objectives as one float64 each, which remembers how it came about, so that derivatives can be taken. */
import { leastNegative, type Value } from "./value";

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

  /** Sum of weight times value; one of weight 0 is not looked at. */
  static weightedSum(values: readonly Scalar[], weights: ArrayLike<number>): Scalar {
    const counted = values.map((scalar, i) => ({ scalar, slope: weights[i]! })).filter(({ slope }) => slope !== 0);
    return new Scalar(
      counted.reduce((sum, { scalar, slope }) => sum + slope * scalar.value, 0),
      counted,
    );
  }

  add(other: Operand): Scalar {
    return this.with(other, (a, b) => a + b, 1, 1);
  }

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

  exp(): Scalar {
    const value = Math.exp(this.value);
    return this.map(value, value);
  }

  relu(): Scalar {
    return this.map(Math.max(this.value, 0), this.value > 0 ? 1 : 0);
  }

  sigmoid(): Scalar {
    const value = 1 / (1 + Math.exp(-this.value));
    return this.map(value, value / (1 + Math.exp(this.value)));
  }

  negLogSigmoid(): Scalar {
    const x = this.value;
    return this.map(Math.max(-x, 0) + Math.log1p(Math.exp(-Math.abs(x))), -1 / (1 + Math.exp(x)));
  }

  log1mexp(): Scalar {
    const x = Math.min(this.value, leastNegative);
    const value = x < -Math.LN2 ? Math.log1p(-Math.exp(x)) : Math.log(-Math.expm1(x));
    return this.map(value, this.value > leastNegative ? 0 : -1 / Math.expm1(-x));
  }

  frozen(): Scalar {
    return new Scalar(this.value);
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
