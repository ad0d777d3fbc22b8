/**
 * The rules that a document carries, as functions over floats.
 *
 * A rule's value, partials and domain arrive as nested lists. Each list becomes a closure once; nothing is handed to
 * eval. Where Python would raise, outside a domain or beyond the largest float, these give nan and infinities.
 */

import { numberOf, roundHalfEven } from "./numbers.js";
import { erf, erfc } from "./special.js";

/** The functions that the table cannot state in terms of others, by the table's names. */
export const PRIMITIVES = new Map(Object.entries({
  abs: Math.abs, floor: (x) => Math.floor(x) + 0, round: (x) => roundHalfEven(x) + 0, // + 0: Python's have no -0.0
  exp: Math.exp, expm1: Math.expm1, exp2: (x) => 2 ** x,
  log: Math.log, log1p: Math.log1p, log2: Math.log2, log10: Math.log10,
  sqrt: Math.sqrt, cbrt: Math.cbrt, hypot: Math.hypot,
  sin: Math.sin, cos: Math.cos, tan: Math.tan,
  arcsin: Math.asin, arccos: Math.acos, arctan: Math.atan, arctan2: Math.atan2,
  sinh: Math.sinh, cosh: Math.cosh, tanh: Math.tanh,
  arcsinh: Math.asinh, arccosh: Math.acosh, arctanh: Math.atanh,
  erf, erfc,
}));

const CONSTANTS = new Map([["pi", Math.PI], ["nan", NaN], ["inf", Infinity], ["-inf", -Infinity]]);
const SLOTS = new Map([["x", 0], ["y", 1], ["c", 2], ["out", 3]]);
const OPERATORS = new Map(Object.entries({
  "+": (a, b) => a + b, "-": (a, b) => a - b, "*": (a, b) => a * b, "/": (a, b) => a / b, "**": power,
  "<": (a, b) => a < b, "<=": (a, b) => a <= b, ">": (a, b) => a > b, ">=": (a, b) => a >= b,
  "==": (a, b) => a === b, "!=": (a, b) => a !== b,
}));

/** One row of a document's table of rules, ready to be computed with. Made by `compileRules`. */
class CompiledRule {
  /**
   * @param {object} json the row
   * @param {(tree: any) => Function} compile
   */
  constructor(json, compile) {
    this.name = json.name;
    this.sign = json.sign;
    this.letters = json.letters;
    this.text = json.text;
    /** Whether negative numbers need parentheses beside the sign: it is an operator. */
    this.fenced = json.fenced;
    this.math = json.math;
    this.remedy = json.remedy;
    /** How many operands come before those with a derivative: 1 for the condition of `where`. */
    this.skip = json.letters.length - json.partials.length;
    /** Whether some part of it is known to Python alone. */
    this.black = [json.value, ...json.partials].includes(null);
    this.exactValue = isExact(json.value);
    this._trees = [json.partials, json.lone ?? json.partials];
    this._slots = json.letters.map((letter) => SLOTS.get(letter));
    this._value = compile(json.value);
    this._partials = this._trees.map((trees) => trees.map(compile));
    /** The tree of the test that says where it is defined; null for everywhere. */
    this.domain = json.domain;
    this._domain = json.domain === null ? () => true : compile(json.domain);
  }

  /**
   * Returns the result; nan for a black box.
   * @param {ArrayLike<number>} args one number a letter
   */
  value(args) {
    return this._value(this._filled(args, NaN));
  }

  /**
   * Returns d out / d operand.
   * @param {number} position counts operands with a derivative, from 0
   * @param {ArrayLike<number>} args one number a letter
   * @param {number} out the result
   * @param {boolean} lone whether another operand is a constant, which decides ties
   */
  partial(position, args, out, lone) {
    if (Number.isNaN(out) && !this.inDomain(args)) return NaN; // no value, so no slope, whatever the formula says
    return this._partials[Number(lone)][position](this._filled(args, out));
  }

  /** Says whether a browser computes this partial to the same bits as Python: no function and no power is in it. */
  exactPartial(position, lone) {
    return isExact(this._trees[Number(lone)][position]);
  }

  /** Says whether the rule is defined for these operands. */
  inDomain(args) {
    return this._domain(this._filled(args, NaN));
  }

  _filled(args, out) {
    const slots = [NaN, NaN, NaN, out];
    for (let i = 0; i < this._slots.length; i += 1) slots[this._slots[i]] = args[i];
    return slots;
  }
}

/**
 * Returns the rules of a document in its order.
 * @param {{rules: object[], functions: object}} document
 * @returns {CompiledRule[]}
 */
export function compileRules(document) {
  const functions = new Map(PRIMITIVES);
  const compile = (tree) => compiled(tree, named);
  return document.rules.map((rule) => new CompiledRule(rule, compile));

  function named(name) {
    if (!functions.has(name) && !Object.hasOwn(document.functions, name)) throw new TypeError(`There is no ${name}().`);
    if (!functions.has(name)) functions.set(name, derived(document.functions[name]));
    return functions.get(name);
  }

  function derived({ letters, value }) {
    const slots = letters.map((letter) => SLOTS.get(letter));
    const body = compile(value);
    return (...args) => {
      const filled = [NaN, NaN, NaN, NaN];
      args.forEach((arg, i) => { filled[slots[i]] = arg; });
      return body(filled);
    };
  }
}

/** Returns a tree as a function of the slots x, y, c, out; `named` finds the functions that it calls. */
function compiled(tree, named) {
  if (tree === null) return () => NaN;
  if (!Array.isArray(tree)) {
    if (SLOTS.has(tree)) return slotReader(SLOTS.get(tree));
    const number = CONSTANTS.get(tree) ?? numberOf(tree);
    return () => number;
  }
  const [head, ...rest] = tree;
  if (head === "call") {
    const [name, ...operands] = rest;
    return called(named(name), operands.map((operand) => compiled(operand, named)));
  }
  const sides = rest.map((side) => compiled(side, named)), [a, b, c] = sides;
  if (OPERATORS.has(head)) {
    const operator = OPERATORS.get(head);
    return (slots) => operator(a(slots), b(slots));
  }
  switch (head) {
    case "neg": return (slots) => -a(slots);
    case "if": return (slots) => (a(slots) ? b(slots) : c(slots));
    case "not": return (slots) => !a(slots);
    case "and": return (slots) => sides.every((side) => side(slots));
    case "or": return (slots) => sides.some((side) => side(slots));
    default: throw new TypeError(`${head} ?`);
  }
}

function slotReader(index) {
  return (slots) => slots[index];
}

function called(act, operands) {
  const [a, b] = operands;
  if (operands.length === 1) return (slots) => act(a(slots));
  if (operands.length === 2) return (slots) => act(a(slots), b(slots));
  return (slots) => act(...operands.map((operand) => operand(slots)));
}

/** Returns x ** y as C has it: 1 to any power is 1, and so is -1 to an infinite one; JavaScript says nan. */
function power(x, y) {
  return x === 1 || (x === -1 && Math.abs(y) === Infinity) ? 1 : x ** y;
}

function isExact(tree) {
  if (!Array.isArray(tree)) return tree !== null;
  return tree[0] !== "call" && tree[0] !== "**" && tree.slice(1).every(isExact);
}
