// Which numbers differ between two computations beside each other.

const MOST_COMPARED = 2000; // lines: every step compares all

/**
 * Returns the lines whose values or gradients differ between two tracks at their places. Lines belong together by their
 * index where the two graphs are the same, and otherwise by the names that their programs gave them.
 *
 * @returns {{values: Set<number>, gradients: Set<number>}} lines of the first track
 */
export function differingLines(track, other) {
  const [mine, theirs] = [track.player, other.player];
  const { graph } = mine.chapter;
  const found = { values: new Set(), gradients: new Set() };
  if (Math.max(graph.size, theirs.chapter.graph.size) > MOST_COMPARED) return found;
  const partner = partnersOf(graph, theirs.chapter.graph);
  for (let line = 0; line < graph.size; line += 1) {
    const match = partner(line);
    if (match === undefined) continue;
    if (isOther(mine.value(line), theirs.value(match))) found.values.add(line);
    if (isOther(mine.adjoint(line), theirs.adjoint(match))) found.gradients.add(line);
  }
  return found;
}

function partnersOf(graph, other) {
  if (isSame(graph, other)) return (line) => line;
  const named = new Map();
  for (let line = 0; line < other.size; line += 1) if (other.givenName(line)) named.set(other.givenName(line), line);
  return (line) => named.get(graph.givenName(line));
}

function isSame(graph, other) {
  if (graph.size !== other.size || graph.edgeOperand.length !== other.edgeOperand.length) return false;
  const sameEdges = graph.edgeOperand.every((operand, edge) => operand === other.edgeOperand[edge]);
  const lines = Array.from({ length: graph.size }, (_, line) => line);
  return sameEdges && lines.every((line) => graph.rule(line)?.name === other.rule(line)?.name);
}

function isOther(here, there) {
  const both = ![here, there].some((number) => number === undefined || number === null);
  return both && !Object.is(here, there);
}
