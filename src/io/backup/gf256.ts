/*
 * GF(2^8) modulo x^8 + x^4 + x^3 + x + 1, as in AES. Without tables or branches on values: the numbers here are parts
 * of secrets.
 */

const REDUCTION = 0x1b;
const BITS = 8;

/** Requires: both are bytes. */
export function multiply(a: number, b: number): number {
  let product = 0;
  let power = a;
  for (let bit = 0; bit < BITS; bit++) {
    product ^= power & -((b >> bit) & 1);
    power = ((power << 1) ^ (REDUCTION & -(power >> 7))) & 0xff;
  }
  return product;
}

/** The byte that `a` is to be multiplied by for 1; 0 for 0. It is a^254. */
export function inverse(a: number): number {
  let result = 1;
  let power = a;
  for (let bit = 1; bit < BITS; bit++) {
    power = multiply(power, power);
    result = multiply(result, power);
  }
  return result;
}

/** The value at `x` of the polynomial with these coefficients, constant first. */
export function evaluate(coefficients: Uint8Array, x: number): number {
  return coefficients.reduceRight((value, coefficient) => multiply(value, x) ^ coefficient, 0);
}

/**
 * Factors by which the values at `points` add up to the value at `x` of the polynomial through them (Lagrange).
 * Requires: the points are different bytes.
 */
export function weightsAt(x: number, points: readonly number[]): readonly number[] {
  return points.map((point, i) =>
    points.reduce(
      (weight, other, j) =>
        i === j ? weight : multiply(weight, multiply(x ^ other, inverse(point ^ other))),
      1,
    ),
  );
}
