/**
 * The error function and its complement, which JavaScript does not have.
 *
 * Source: Abramowitz, Stegun, Handbook of Mathematical Functions, 1964: the series 7.1.6, all of whose terms have one
 * sign, and the continued fraction 7.1.14.
 */

const ROOT_OF_PI = Math.sqrt(Math.PI);

/**
 * Returns erf(x), with a relative error below 1e-14.
 * @param {number} x
 * @returns {number}
 */
export function erf(x) {
  const size = Math.abs(x);
  return size > 1 ? Math.sign(x) * (1 - erfcTail(size)) : erfSeries(x);
}

/**
 * Returns erfc(x) = 1 - erf(x), with a relative error below 1e-14 also where it is tiny.
 * @param {number} x
 * @returns {number}
 */
export function erfc(x) {
  if (x > 1) return erfcTail(x);
  return x < -1 ? 2 - erfcTail(-x) : 1 - erfSeries(x);
}

/** 7.1.6: erf(x) = 2/sqrt(pi) exp(-x²) (x + 2x³/3 + 4x⁵/15 + ...); for |x| <= 1. */
function erfSeries(x) {
  let term = x, sum = x;
  for (let n = 1; Math.abs(term) > 1e-18 * Math.abs(sum); n += 1) {
    term *= (2 * x * x) / (2 * n + 1);
    sum += term;
  }
  return (2 / ROOT_OF_PI) * Math.exp(-x * x) * sum;
}

/** 7.1.14: erfc(x) = exp(-x²)/sqrt(pi) / (x + (1/2)/(x + 1/(x + (3/2)/(x + ...)))); for x >= 1, from inside out. */
function erfcTail(x) {
  if (x > 28) return 0; // below the smallest float
  let below = x;
  for (let n = 20 + Math.ceil(160 / (x * x)); n > 0; n -= 1) below = x + n / 2 / below;
  return expOfMinusSquare(x) / ROOT_OF_PI / below;
}

/** Returns exp(-x²) without the error of squaring: the square of a 24-bit number is exact. */
function expOfMinusSquare(x) {
  const head = Math.fround(x);
  return Math.exp(-head * head) * Math.exp((head - x) * (head + x));
}
