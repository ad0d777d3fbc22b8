// What a piece hands on: the lines inside that something outside uses.

import { general } from "./numbers.js";

const SEVERAL = -2;
const OUTPUT_ROOM = 14; // columns for both numbers
export const WIDEST_OUTPUT = `out ${"0".repeat(OUTPUT_ROOM / 2)} grad ${"0".repeat(OUTPUT_ROOM / 2)}`;
const OUTPUTS = new WeakMap(); // graph -> for each piece its only output line, or -1, or -2

/** Returns the only line inside a piece that is used outside, or is the root; -1 where there is none or several. */
export function outputOf(graph, piece) {
  if (!OUTPUTS.has(graph)) OUTPUTS.set(graph, outputsOf(graph));
  return Math.max(-1, OUTPUTS.get(graph)[piece]);
}

function outputsOf(graph) {
  const { pieces, edgeOperand, edgeLine, size, root } = graph;
  const depth = new Int32Array(pieces.length), found = new Int32Array(pieces.length).fill(-1);
  for (const { index, parent } of pieces) depth[index] = parent < 0 ? 1 : depth[parent] + 1; // parents come first
  const depthOf = (piece) => (piece < 0 ? 0 : depth[piece]);
  const leave = (line, home) => {
    let [inner, outer] = [graph.home(line), home];
    while (inner !== outer) {
      if (depthOf(inner) >= depthOf(outer)) {
        found[inner] = found[inner] === -1 || found[inner] === line ? line : SEVERAL;
        inner = pieces[inner].parent;
      } else outer = pieces[outer].parent;
    }
  };
  edgeOperand.forEach((operand, edge) => leave(operand, graph.home(edgeLine[edge])));
  if (root < size) leave(root, -1);
  return found;
}

/**
 * Returns "out 0.41 grad 0.03": with three digits, or fewer where that is too wide for a card.
 *
 * @param {(write: function(number): string) => string[]} texts the value and the gradient, written as told
 */
export function outputText(texts) {
  for (const count of [3, 2]) {
    const [value, gradient] = texts((number) => general(number, count));
    if (value.length + gradient.length <= OUTPUT_ROOM) return `out ${value} grad ${gradient}`;
  }
  const [value, gradient] = texts((number) => number.toExponential(0).replace(/e([+-])(\d)$/, "e$10$2")).map(brief);
  return `out ${value} grad ${gradient}`;
}

/** Returns what has room: a number with one digit has. */
function brief(text) {
  return text.length > OUTPUT_ROOM / 2 ? `${text.slice(0, OUTPUT_ROOM / 2 - 1)}.` : text;
}
