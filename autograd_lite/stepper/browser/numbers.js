/**
 * Numbers as text, written digit for digit as the Python side writes them, and numbers as JSON carries them.
 *
 * Python rounds the exact binary value and sends a tie to the even digit; JavaScript sends it up. The two differ only
 * where a number lies exactly between two short decimals, such as 0.03125 to three digits.
 */

const NO_JSON_NUMBER = new Map([["nan", NaN], ["inf", Infinity], ["-inf", -Infinity]]);

/**
 * Returns the number that JSON carries: nan and the infinities travel as text.
 * @param {number|string} json
 * @returns {number}
 */
export function numberOf(json) {
  return typeof json === "number" ? json : NO_JSON_NUMBER.get(json) ?? NaN;
}

/**
 * Returns a number to four significant digits, and to the last whole one from 1,000 to 10,000,000.
 * @param {number} number
 * @returns {string} "138.8", "0.7071", "1e-09", "123457", "-2", "nan"
 */
export function figure(number) {
  const size = Math.abs(number);
  return size >= 1e3 && size < 1e7 ? String(roundHalfEven(number)) : general(number, 4);
}

/**
 * Returns a number to four digits, in parentheses if it is negative: what stands beside an operator.
 * @param {number} number
 * @returns {string}
 */
export function fenced(number) {
  const text = figure(number);
  return text.startsWith("-") ? `(${text})` : text;
}

/**
 * Returns a number with all digits that tell it from its neighbours, as Python's repr does.
 * @param {number} number
 * @returns {string} "0.1", "1.0", "1e+16", "-0.0"
 */
export function exact(number) {
  if (!Number.isFinite(number)) return notFinite(number);
  const [mantissa, exponent] = parts(Math.abs(number).toExponential());
  if (exponent < -4 || exponent >= 16) return signOf(number) + scientific(mantissa, exponent);
  const text = positional(mantissa, exponent);
  return signOf(number) + (text.includes(".") ? text : `${text}.0`);
}

/**
 * Returns a number to so many significant digits, without trailing zeros: Python's format(number, ".4g").
 * @param {number} number
 * @param {number} count at least 2
 * @returns {string}
 */
export function general(number, count) {
  if (!Number.isFinite(number)) return notFinite(number);
  const [mantissa, exponent] = parts(significant(Math.abs(number), count));
  const write = exponent < -4 || exponent >= count ? scientific : positional;
  return signOf(number) + write(mantissa.replace(/\.?0+$/, ""), exponent);
}

/**
 * Returns the nearest whole number; of two equally near, the even one.
 * @param {number} number
 * @returns {number}
 */
export function roundHalfEven(number) {
  const below = Math.floor(number), rest = number - below;
  if (rest === 0.5) return below % 2 === 0 ? below : below + 1;
  return rest < 0.5 ? below : Math.ceil(number);
}

/**
 * Returns how far the next float is from a number, away from 0; nan for what is not finite.
 * @param {number} number
 * @returns {number}
 */
export function spacing(number) {
  if (!Number.isFinite(number)) return NaN;
  let power = 2 ** Math.max(-1022, Math.min(1023, Math.floor(Math.log2(Math.abs(number)))));
  if (power > Math.abs(number) && power > 2 ** -1022) power /= 2; // the logarithm is rounded
  return power * 2 ** -52;
}

/** Returns "d.ddde±x" with `count` digits, a tie rounded to the even one. */
function significant(size, count) {
  const up = size.toExponential(count - 1);
  const [shortest] = parts(size.toExponential());
  if (shortest.length !== count + 2 || !shortest.endsWith("5")) return up; // a tie is written with one digit more, a 5
  const [digits, exponent] = size.toExponential(60).split("e"); // enough to tell a tie from what is only printed as one
  const kept = digits.slice(0, count + 1);
  const tie = /^50*$/.test(digits.slice(count + 1));
  return tie && Number(kept.at(-1)) % 2 === 0 ? `${kept}e${exponent}` : up;
}

function parts(text) {
  const [mantissa, exponent] = text.split("e");
  return [mantissa, Number(exponent)];
}

function scientific(mantissa, exponent) {
  return `${mantissa}e${exponent < 0 ? "-" : "+"}${String(Math.abs(exponent)).padStart(2, "0")}`;
}

function positional(mantissa, exponent) {
  const digits = mantissa.replace(".", "");
  if (exponent < 0) return `0.${"0".repeat(-exponent - 1)}${digits}`;
  const whole = digits.slice(0, exponent + 1).padEnd(exponent + 1, "0");
  const rest = digits.slice(exponent + 1);
  return rest ? `${whole}.${rest}` : whole;
}

function signOf(number) {
  return number < 0 || Object.is(number, -0) ? "-" : "";
}

function notFinite(number) {
  return Number.isNaN(number) ? "nan" : number > 0 ? "inf" : "-inf";
}
