/** What would be if leaves had other numbers: what depends on them is computed again, and the whole reverse sweep. */

/**
 * Returns the numbers of a chapter with some lines changed.
 * @param {import("./chapter.js").Chapter} chapter
 * @param {Map<number, number>} changes line -> number
 * @returns {{values: Float64Array, partials: Float64Array, adjoints: Float64Array, hasAdjoint: Uint8Array,
 *   undefinedLines: number[], outside: number[], isUndefined: Uint8Array}} adjoints are those of this pass alone, nan
 *   where there is none; undefinedLines are operations without a finite result of finite operands: where Python would
 *   raise; outside are those whose rules are not defined for their operands, and isUndefined says of each line whether
 *   it is nan because of one of them
 */
export function imagine(chapter, changes) {
  const { graph } = chapter;
  const values = chapter.values.slice(), partials = chapter.partials.slice(), undefinedLines = [], outside = [];
  const isChanged = new Uint8Array(graph.size), isUndefined = new Uint8Array(graph.size);
  for (const [line, number] of changes) {
    values[line] = number;
    isChanged[line] = 1;
  }
  for (const line of graph.operations) {
    const operands = graph.operands(line);
    if (changes.has(line) || !operands.some((operand) => isChanged[operand])) continue;
    isChanged[line] = 1;
    recompute(line, Array.from(operands, (operand) => values[operand]));
    if (Number.isNaN(values[line]) && operands.some((operand) => isUndefined[operand])) isUndefined[line] = 1;
  }
  return { values, partials, undefinedLines, outside, isUndefined, ...adjointsOf(graph, partials, chapter.seed) };

  function recompute(line, numbers) {
    const rule = graph.rule(line), first = graph.edge(line, 0), lone = graph.isLone(line);
    const isOutside = !rule.inDomain(numbers) && !numbers.some(Number.isNaN);
    const out = isOutside ? NaN : rule.value(numbers);
    values[line] = out;
    if (isOutside) outside.push(line);
    isUndefined[line] = Number(isOutside);
    if (!Number.isFinite(out) && numbers.every(Number.isFinite)) undefinedLines.push(line);
    for (let edge = first; edge < graph.edgeStart[line + 1]; edge += 1) {
      if (graph.hasPartial[edge]) partials[edge] = rule.partial(edge - first, numbers, out, lone);
    }
  }
}

/**
 * Returns the gradients of one reverse sweep.
 * @param {import("./graph.js").Graph} graph
 * @param {Float64Array} partials of each edge
 * @param {number} seed d root / d root
 * @returns {{adjoints: Float64Array, hasAdjoint: Uint8Array}} see `imagine`
 */
export function adjointsOf({ sweep, edgeLine, edgeOperand, size, root }, partials, seed) {
  const adjoints = new Float64Array(size), hasAdjoint = new Uint8Array(size);
  adjoints[root] = seed;
  hasAdjoint[root] = 1;
  for (const edge of sweep) {
    adjoints[edgeOperand[edge]] += partials[edge] * adjoints[edgeLine[edge]];
    hasAdjoint[edgeOperand[edge]] = 1;
  }
  return { adjoints: adjoints.map((adjoint, line) => (hasAdjoint[line] ? adjoint : NaN)), hasAdjoint };
}

const SLOPES = new WeakMap(); // chapter -> see `slopesOf`

/**
 * Returns of each line d root / d line, 0 where no way leads to the root: what predicts a change of the root. The seed
 * of a chapter multiplies its gradients, and cannot be divided out where it is 0 or nan: so here it is 1.
 * @param {import("./chapter.js").Chapter} chapter
 * @returns {Float64Array}
 */
export function slopesOf(chapter) {
  if (!SLOPES.has(chapter)) {
    const { adjoints, hasAdjoint } = adjointsOf(chapter.graph, chapter.partials, 1);
    SLOPES.set(chapter, adjoints.map((adjoint, line) => (hasAdjoint[line] ? adjoint : 0)));
  }
  return SLOPES.get(chapter);
}
