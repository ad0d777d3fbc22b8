// Which numbers differ between two computations beside each other.

const MOST_COMPARED = 2000; // lines: every step compares all

/**
 * Returns the lines whose values or gradients differ between two tracks at their places. Lines belong together by their
 * index where the two graphs are the same, and otherwise by their names; see `linesByName`.
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

/** Returns what finds a line's partner in another graph: its index, or undefined. */
export function partnersOf(graph, other) {
  if (isSame(graph, other)) return (line) => line;
  const [mine, theirs] = [linesByName(graph), linesByName(other)];
  const partners = new Map([...mine].map(([name, line]) => [line, line < 0 ? undefined : theirs.get(name)]));
  return (line) => (partners.get(line) >= 0 ? partners.get(line) : undefined);
}

/** Returns lines by the names that a program gave them, and unnamed ones by their rule if they are the only such. */
function linesByName(graph) {
  const named = new Map();
  for (let line = 0; line < graph.size; line += 1) {
    const name = graph.givenName(line) || (graph.rule(line) ? `${graph.rule(line).name}()` : "");
    if (name) named.set(name, named.has(name) ? -1 : line);
  }
  return named;
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
