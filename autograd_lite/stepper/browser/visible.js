// What is seen of a graph with some of its pieces closed: nodes, edges between them, frames around them.

/**
 * Returns what is to be seen; see `Folding.visible`. Takes one walk over the lines and one over the operands.
 *
 * @param {Graph} graph
 * @param {Int32Array} drawn for each piece, the outermost closed piece around it, itself included; -1 for none.
 * @param {{last: Int32Array, operations: Int32Array}} counts for each piece, its last line
 *     and how many operations it has.
 */
export function seenWith(graph, drawn, { last, operations }) {
  const shownBy = new Int32Array(graph.size); // a line, or -2 - piece
  const members = new Map(); // of closed pieces
  const nodes = [];
  for (let line = 0; line < graph.size; line++) {
    const home = graph.home(line);
    const piece = home < 0 ? -1 : drawn[home];
    shownBy[line] = piece < 0 ? line : -2 - piece;
    if (piece < 0) {
      nodes.push(nodeOfLine(graph, line));
      continue;
    }
    if (!members.has(piece)) members.set(piece, []);
    members.get(piece).push(line);
    if (line === last[piece]) nodes.push(nodeOfPiece(graph, piece, members.get(piece), operations[piece]));
  }
  const edges = edgesInto(nodes, { graph, shownBy, members });
  return { nodes, edges, boxes: framesOf(graph, drawn, last), ids: new Set(nodes.map((n) => n.id)), hidden: new Map() };
}

const boxId = (piece) => (piece < 0 ? null : `s${piece}`);

function nodeOfLine(graph, line) {
  const kind = graph.isConstant(line) ? "constant" : graph.rule(line) ? "operation" : "leaf";
  const operations = kind === "operation" ? 1 : 0;
  const [box, isRoot] = [boxId(graph.home(line)), line === graph.root];
  return { id: `v${line}`, kind, line, piece: null, box, lines: 1, operations, isRoot };
}

function nodeOfPiece(graph, piece, members, operations) {
  const [box, isRoot] = [boxId(graph.pieces[piece].parent), members.includes(graph.root)];
  return { id: `s${piece}`, kind: "piece", line: null, piece, box, lines: members.length, operations, isRoot };
}

/** Returns one edge per operand of a line; of a closed piece's operands, those from one node are counted together. */
function edgesInto(nodes, { graph, shownBy, members }) {
  const idOf = (shown) => (shown >= 0 ? `v${shown}` : `s${-2 - shown}`);
  const edges = [];
  const add = (edge) => edges.push({ ...edge, index: edges.length });
  for (const { id, line, piece } of nodes) {
    if (piece === null) {
      graph.operands(line).forEach((operand, position) => {
        const edge = graph.edgeStart[line] + position;
        add({ source: idOf(shownBy[operand]), target: id, position, edge, count: 1 });
      });
      continue;
    }
    const bundles = new Map();
    for (const member of members.get(piece)) {
      for (const operand of graph.operands(member)) {
        const source = shownBy[operand];
        if (source !== -2 - piece) bundles.set(source, (bundles.get(source) ?? 0) + 1);
      }
    }
    for (const [source, count] of bundles) add({ source: idOf(source), target: id, position: null, edge: null, count });
  }
  return edges;
}

function framesOf(graph, drawn, last) {
  return graph.pieces
    .filter(({ index }) => drawn[index] < 0 && last[index] >= 0)
    .map(({ index, name, parent }) => ({ id: `s${index}`, piece: index, name, parent: boxId(parent) }));
}
