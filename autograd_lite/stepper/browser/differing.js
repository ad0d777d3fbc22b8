// Which numbers differ between two computations beside each other.

const MOST_COMPARED = 2000; // lines: every step compares all

/**
 * Returns the lines whose gradients differ between two tracks at their places. Lines belong together by their index
 * where the two graphs are the same, and otherwise by the names that their programs gave them.
 *
 * @returns {Set<number>} lines of the first track
 */
export function differingLines(track, other) {
  const [mine, theirs] = [track.player, other.player];
  const { graph } = mine.chapter;
  const found = new Set();
  if (Math.max(graph.size, theirs.chapter.graph.size) > MOST_COMPARED) return found;
  const partner = partnersOf(graph, theirs.chapter.graph);
  for (let line = 0; line < graph.size; line += 1) {
    const match = partner(line);
    if (match === undefined) continue;
    const [here, there] = [mine.adjoint(line), theirs.adjoint(match)];
    if (here !== undefined && there !== undefined && !Object.is(here, there)) found.add(line);
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
