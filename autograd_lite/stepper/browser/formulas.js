/**
 * Formulas in MathML: the templates that a document brings, with names or numbers put into their blanks.
 *
 * What is put in changes what stands around it, as on paper: a negative factor needs parentheses, and a number behind a
 * factor a dot. These rules are those of the Python side, which prints a formula whole (notation.py).
 */

import { general } from "./numbers.js";

const MATHML = "http://www.w3.org/1998/Math/MathML";
const LETTER_IN_BLANK = new Map([["\ue000", "x"], ["\ue001", "y"], ["\ue002", "c"], ["\ue003", "out"]]);
const TIMES = "\u2062", DOT = "·", MINUS = "−"; // an invisible product, a visible one
const GREEK_NAMES = "alpha beta gamma delta epsilon zeta eta theta iota kappa lambda mu nu xi omicron pi rho sigma tau "
  + "upsilon phi chi psi omega";
const GREEK = new Map(GREEK_NAMES.split(" ").map((name, i) => [name, Array.from("αβγδεζηθικλμνξοπρστυφχψω")[i]]));

const SUM = 2, FACTOR = 3, ATOM = 5; // how tightly a piece holds together, as in notation.py
const SINGLE = new Set(["mfrac", "msup", "msub", "mroot"]); // each child is one element

const INDEXED = /^([\p{L}\p{Nl}\p{No}]+)_?(\p{Nd}+(?:_\p{Nd}+)*)$/u; // w1, w_1, w1_2
const SUBSCRIPTED = /^([\p{L}\p{Nl}\p{No}]+)_([\p{L}\p{N}]+)$/u; // w_in
const NUMBER = /^[+-]?(?:\d+(?:_\d+)*\.?(?:\d+(?:_\d+)*)?|\.\d+(?:_\d+)*)(?:e[+-]?\d+(?:_\d+)*)?$/i;
const NO_FINITE_NUMBER = /^([+-]?)(inf|infinity|nan)$/i;

/**
 * Returns a template with its blanks filled in, as one <mrow>.
 * @param {string} template MathML
 * @param {Map<string, string>} words for each letter a name, or a number as text
 * @returns {Element}
 */
export function filled(template, words) {
  const math = document.importNode(parsed(template), true);
  for (const blank of [...math.querySelectorAll("mi")].filter((mi) => LETTER_IN_BLANK.has(mi.textContent))) {
    fill(blank, pieceOf(words.get(LETTER_IN_BLANK.get(blank.textContent))));
  }
  for (const sign of math.querySelectorAll("mo")) {
    if (isProduct(sign)) sign.textContent = isApart(sign) ? DOT : TIMES;
  }
  return math;
}

/** Returns a name, or a number as text, as one <mrow>. */
export function written(text) {
  return makeMath("mrow", ...pieceOf(text).nodes);
}

/** Returns sides, each an element or several, with signs of equality between them, as one <mrow>. */
export function equation(...sides) {
  return makeMath("mrow", ...sides.flatMap((side, i) => [i ? makeSign("=") : [], side].flat()));
}

/** Returns an operator or another sign. */
export function makeSign(sign) {
  return makeMath("mo", sign);
}

/** Returns a MathML element with children, which are elements or text. */
export function makeMath(tag, ...children) {
  const element = document.createElementNS(MATHML, tag);
  element.append(...children);
  return element;
}

// ---------------------------------------------------------------- templates

const PARSED = new Map(); // template -> its <mrow>, to be copied

function parsed(template) {
  if (!PARSED.has(template)) {
    const text = `<math xmlns="${MATHML}">${template}</math>`;
    PARSED.set(template, new DOMParser().parseFromString(text, "application/xml").documentElement.firstElementChild);
  }
  return PARSED.get(template);
}

/** Puts a piece where a blank is: in parentheses where it does not hold together, as one element where one is due. */
function fill(blank, { nodes, strength }) {
  const held = strength < needed(blank) ? [inParentheses(nodes)] : nodes, around = blank.parentElement;
  const isSide = isBase(blank) && around.parentElement.localName === "msqrt"; // of a hypotenuse
  if (isSide && nodes[0].textContent === "1") around.replaceWith(...held); // 1² is 1
  else blank.replaceWith(...(SINGLE.has(around.localName) ? [single(held)] : held));
}

function needed(blank) {
  if (isBase(blank)) return ATOM;
  const before = blank.previousElementSibling, after = blank.nextElementSibling;
  return isProduct(before) || isProduct(after) || ["+", MINUS].includes(before?.textContent) ? FACTOR : SUM - 1;
}

function isBase(blank) {
  return blank.parentElement.localName === "msup" && blank === blank.parentElement.firstElementChild;
}

function isProduct(element) {
  return element?.localName === "mo" && [TIMES, DOT].includes(element.textContent);
}

/** Says whether two factors need a dot between them: before a number, or before a parenthesis that follows none. */
function isApart(sign) {
  const head = headOf(sign.nextElementSibling);
  return head === "digit" || (head === "parenthesis" && headOf(sign.previousElementSibling) !== "parenthesis");
}

const NUMBERS = new WeakSet(); // elements that are no digits, but numbers

function headOf(element) {
  if (element.localName === "mn" || NUMBERS.has(element)) return "digit";
  if (element.localName === "mo") return element.getAttribute("form") === "prefix" ? "parenthesis" : "";
  return ["mrow", "msup"].includes(element.localName) ? headOf(element.firstElementChild) : "";
}

function inParentheses(nodes) {
  const [left, right] = [makeSign("("), makeSign(")")];
  left.setAttribute("form", "prefix");
  right.setAttribute("form", "postfix");
  return makeMath("mrow", left, ...nodes, right);
}

function single(nodes) {
  return nodes.length === 1 && !nodes[0].firstElementChild ? nodes[0] : makeMath("mrow", ...nodes);
}

// ---------------------------------------------------------------- names and numbers

/** Returns what a text is set as, and how tightly that holds together. */
function pieceOf(text) {
  const number = numberIn(text);
  if (number === null) return { nodes: [nameNode(text)], strength: ATOM };
  const digits = general(number, 6);
  const strength = digits.startsWith("-") ? SUM : digits.includes("e") ? FACTOR : ATOM;
  return { nodes: numberNodes(digits), strength };
}

function numberNodes(text) {
  const [mantissa, exponent] = text.split("e");
  if (exponent !== undefined) {
    const power = makeMath("msup", makeMath("mn", "10"), single(numberNodes(String(Number(exponent)))));
    return mantissa === "1" ? [power] : [makeMath("mrow", ...numberNodes(mantissa), makeSign(DOT), power)];
  }
  if (text.startsWith("-")) return [makeSign(MINUS), makeMath("mn", text.slice(1))];
  if (text !== "inf" && text !== "nan") return [makeMath("mn", text)];
  const node = text === "inf" ? makeMath("mi", "∞") : makeMath("mtext", "NaN");
  NUMBERS.add(node);
  return [node];
}

/** Returns a name: alpha as the letter, w1 and w_in with a subscript. */
function nameNode(text) {
  const [, stem, below] = INDEXED.exec(text) ?? SUBSCRIPTED.exec(text) ?? [text, text, ""];
  const base = makeMath("mi", GREEK.get(stem) ?? stem);
  const isDigits = /^\p{Nd}/u.test(below); // w1_2 is w with 1,2
  return below ? makeMath("msub", base, makeMath(isDigits ? "mn" : "mi", below.replaceAll("_", ","))) : base;
}

/** Returns the number that Python's float() reads in a text, null if it is none. */
function numberIn(text) {
  const plain = text.replace(/^\p{White_Space}+|\p{White_Space}+$/gu, "").replace(/\p{Nd}/gu, digitOf);
  if (NUMBER.test(plain)) return Number(plain.replaceAll("_", ""));
  const [, sign, word] = NO_FINITE_NUMBER.exec(plain) ?? [];
  return word === undefined ? null : word.toLowerCase() === "nan" ? NaN : sign === "-" ? -Infinity : Infinity;
}

/** Returns a decimal digit of any script as one of ours: scripts list theirs ten by ten. */
function digitOf(digit) {
  const code = digit.codePointAt(0);
  let first = code;
  while (/\p{Nd}/u.test(String.fromCodePoint(first - 1))) first -= 1;
  return String((code - first) % 10);
}
