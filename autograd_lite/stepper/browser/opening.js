// What is open when a graph is first seen: the outermost pieces, as far as the picture can be read in its pane.

const SMALL = 400; // lines: in larger graphs layers stay closed, in smaller ones the neurons in them
const CROWD = 150; // nodes: the only piece that there is, is opened if it shows no more

/**
 * Returns which pieces are open at first. A graph of at most `limit` lines is open altogether. In others, pieces are
 * opened from outside in while at most `limit` nodes are seen and the picture can be read; innermost pieces stay
 * closed. Siblings are opened together or not at all, so that the layers of a net look alike.
 *
 * @param {Graph} graph
 * @param {{top: number, direct: Int32Array, limit: number}} counts nodes at the top, nodes directly in each piece.
 * @param {function(Uint8Array): boolean} isReadable whether the picture can be read with these pieces open.
 * @returns {Uint8Array}
 */
export function openedAtFirst(graph, { top, direct, limit }, isReadable) {
  const { pieces } = graph;
  const opened = new Uint8Array(pieces.length);
  if (graph.size <= limit) return opened.fill(1);
  const heights = heightsOf(pieces);
  let seen = top;
  let level = pieces.filter((piece) => piece.parent < 0);
  for (let depth = 0; level.length; depth += 1) {
    const next = [];
    const isAround = depth === 0 && level.length === 1;
    const lowest = pieces.length === 1 ? 0 : depth === 0 || graph.size <= SMALL ? 1 : 2;
    const eligible = level.filter((piece) => heights[piece.index] >= lowest);
    for (const same of groupsOf(eligible, depth === 0)) {
      const more = same.reduce((sum, piece) => sum + direct[piece.index] - 1, 0);
      if (seen + more > (pieces.length === 1 ? CROWD : limit)) continue;
      for (const piece of same) opened[piece.index] = 1;
      if (!isAround && !isReadable(opened)) {
        for (const piece of same) opened[piece.index] = 0;
        continue;
      }
      seen += more;
      next.push(...same.flatMap((piece) => Array.from(piece.children, (child) => pieces[child])));
    }
    level = next;
  }
  return opened;
}

/** Returns for each piece how many pieces are nested in it; 0 for an innermost one. */
function heightsOf(pieces) {
  const heights = new Int32Array(pieces.length);
  for (let index = pieces.length - 1; index >= 0; index -= 1) {
    const { parent } = pieces[index]; // comes before its children
    if (parent >= 0) heights[parent] = Math.max(heights[parent], heights[index] + 1);
  }
  return heights;
}

/** Returns siblings together; at the top, where a program's parts have little in common, those of one size. */
function groupsOf(level, isTop) {
  const alike = new Map();
  for (const piece of level) {
    const kind = isTop ? piece.count : piece.parent;
    if (!alike.has(kind)) alike.set(kind, []);
    alike.get(kind).push(piece);
  }
  return alike.values();
}
