/** Why there is no number: an operation outside its rule's domain, in words. */

const LETTERS = ["x", "y", "c"];
const LOOSE = new Set(["and", "or", "not", "if"]);

/** What stands where there is no number. */
export const UNDEFINED = "undefined";

/**
 * Returns why an operation has no result, and what helps.
 * @param {import("./chapter.js").Chapter} chapter
 * @param {number} line an operation
 * @returns {string} "v1 = log(x) is undefined here (log needs x > 0). Keep the operand above 0."
 */
export function whyUndefined(chapter, line) {
  const { graph } = chapter, rule = graph.rule(line);
  const words = Array.from(graph.operands(line), (operand) => chapter.name(operand));
  const needs = condition(rule.domain, new Map(Array.from(rule.letters, (letter, i) => [letter, words[i]])));
  const what = `${chapter.name(line)} = ${graph.writtenWith(line, words)}`;
  return `${what} is ${UNDEFINED} here (${rule.name} needs ${needs}).${rule.remedy ? ` ${rule.remedy}` : ""}`;
}

/**
 * Returns a domain as a reader writes it.
 * @param {any} tree see expression_tree.py
 * @param {Map<string, string>} names of the letters
 * @returns {string} "x > 0 or (x = 0 and y ≥ 0)"
 */
export function condition(tree, names = new Map(LETTERS.map((letter) => [letter, letter]))) {
  if (!Array.isArray(tree)) return names.get(tree) ?? String(tree);
  const [head, ...rest] = tree;
  const side = (part) => (LOOSE.has(part[0]) ? `(${condition(part, names)})` : condition(part, names));
  switch (head) {
    case "neg": return `-${side(rest[0])}`;
    case "not": return `not ${side(rest[0])}`;
    case "if": return `${side(rest[1])} if ${side(rest[0])} else ${side(rest[2])}`;
    case "call": return `${rest[0]}(${rest.slice(1).map((part) => condition(part, names)).join(", ")})`;
    case "and": return isChain(rest) ? chain(rest, names) : rest.map(side).join(" and ");
    case "or": return rest.map(side).join(" or ");
    default: return `${side(rest[0])} ${head} ${side(rest[1])}`;
  }
}

/** Says whether two tests are one with a middle: -1 < x and x < 1. */
function isChain([one, other, ...more]) {
  const both = [one, other].every((test) => Array.isArray(test) && ["<", "<="].includes(test[0]));
  return both && !more.length && JSON.stringify(one[2]) === JSON.stringify(other[1]);
}

function chain([one, other], names) {
  return `${condition(one, names)} ${other[0]} ${condition(other[2], names)}`;
}
