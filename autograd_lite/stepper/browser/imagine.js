/** What would be if leaves had other numbers: what depends on them is computed again, and the whole reverse sweep. */

/**
 * Returns the numbers of a chapter with some lines changed.
 * @param {import("./chapter.js").Chapter} chapter
 * @param {Map<number, number>} changes line -> number
 * @returns {{values: Float64Array, partials: Float64Array, adjoints: Float64Array, hasAdjoint: Uint8Array,
 *   undefinedLines: number[]}} adjoints are those of this pass alone, nan where there is none; undefinedLines are
 *   operations that have no finite result of finite operands: where Python would raise
 */
export function imagine(chapter, changes) {
  const { graph } = chapter;
  const values = chapter.values.slice(), partials = chapter.partials.slice(), undefinedLines = [];
  const isChanged = new Uint8Array(graph.size);
  for (const [line, number] of changes) {
    values[line] = number;
    isChanged[line] = 1;
  }
  for (const line of graph.operations) {
    const operands = graph.operands(line);
    if (changes.has(line) || !operands.some((operand) => isChanged[operand])) continue;
    isChanged[line] = 1;
    recompute(line, Array.from(operands, (operand) => values[operand]));
  }
  return { values, partials, undefinedLines, ...adjointsOf(chapter, partials) };

  function recompute(line, numbers) {
    const rule = graph.rule(line), first = graph.edge(line, 0), lone = graph.isLone(line);
    const out = rule.inDomain(numbers) || numbers.some(Number.isNaN) ? rule.value(numbers) : NaN;
    values[line] = out;
    if (!Number.isFinite(out) && numbers.every(Number.isFinite)) undefinedLines.push(line);
    for (let edge = first; edge < graph.edgeStart[line + 1]; edge += 1) {
      if (graph.hasPartial[edge]) partials[edge] = rule.partial(edge - first, numbers, out, lone);
    }
  }
}

function adjointsOf({ graph, seed }, partials) {
  const { sweep, edgeLine, edgeOperand } = graph;
  const adjoints = new Float64Array(graph.size), hasAdjoint = new Uint8Array(graph.size);
  adjoints[graph.root] = seed;
  hasAdjoint[graph.root] = 1;
  for (const edge of sweep) {
    adjoints[edgeOperand[edge]] += partials[edge] * adjoints[edgeLine[edge]];
    hasAdjoint[edgeOperand[edge]] = 1;
  }
  return { adjoints: adjoints.map((adjoint, line) => (hasAdjoint[line] ? adjoint : NaN)), hasAdjoint };
}
