// A focus: what is near one node stays, all else becomes one of two nodes, "earlier" (it leads there) or "later".

/**
 * Returns what is left to be seen of `all`; see `Folding.visible`.
 *
 * @param {{nodes: object[], edges: object[], boxes: object[]}} all what there is without a focus.
 * @param {string} centre the node in the middle.
 * @param {number} hops edges, in either direction.
 * @param {Set<string>} revealed ids that stay however far they are.
 */
export function hideFar(all, centre, hops, revealed) {
  const [operands, users] = neighboursOf(all);
  const near = nearTo(centre, hops, operands, users);
  for (const id of revealed) if (operands.has(id)) near.add(id);
  const earlier = new Set();
  const stack = [...near];
  while (stack.length) {
    for (const id of operands.get(stack.pop())) {
      if (near.has(id) || earlier.has(id)) continue;
      earlier.add(id);
      stack.push(id);
    }
  }
  const hidden = new Map();
  for (const { id } of all.nodes) if (!near.has(id)) hidden.set(id, earlier.has(id) ? "earlier" : "later");
  const kept = all.nodes.filter((node) => near.has(node.id));
  const nodes = [...restNode("earlier", all, hidden), ...kept, ...restNode("later", all, hidden)];
  const edges = edgesBetween(all.edges, hidden);
  return { nodes, edges, boxes: boxesAround(kept, all.boxes), ids: new Set(nodes.map((node) => node.id)), hidden };
}

function neighboursOf({ nodes, edges }) {
  const operands = new Map(nodes.map((node) => [node.id, new Set()]));
  const users = new Map(nodes.map((node) => [node.id, new Set()]));
  for (const { source, target } of edges) {
    operands.get(target).add(source);
    users.get(source).add(target);
  }
  return [operands, users];
}

function nearTo(centre, hops, operands, users) {
  const near = new Set([centre]);
  let border = [centre];
  for (let hop = 0; hop < hops; hop++) {
    const found = border.flatMap((id) => [...operands.get(id), ...users.get(id)]);
    border = [...new Set(found)].filter((id) => !near.has(id));
    for (const id of border) near.add(id);
  }
  return near;
}

function restNode(id, { nodes }, hidden) {
  const inside = nodes.filter((node) => hidden.get(node.id) === id);
  if (!inside.length) return [];
  const sum = (what) => inside.reduce((total, node) => total + node[what], 0);
  const isRoot = inside.some((node) => node.isRoot);
  const counts = { lines: sum("lines"), operations: sum("operations") };
  return [{ id, kind: "rest", line: null, piece: null, box: null, ...counts, isRoot }];
}

/** Returns the edges between what is seen; uses by one of the two hidden nodes are counted together. */
function edgesBetween(all, hidden) {
  const edges = [];
  const bundles = new Map();
  for (const edge of all) {
    const source = hidden.get(edge.source) ?? edge.source;
    const target = hidden.get(edge.target) ?? edge.target;
    if (source === target || (hidden.has(edge.source) && hidden.has(edge.target))) continue;
    const single = edge.position !== null && !hidden.has(edge.target);
    const name = single ? edge.index : `${source} ${target}`;
    const bundle = bundles.get(name);
    if (bundle) bundle.count += edge.count;
    else {
      const [position, number] = single ? [edge.position, edge.edge] : [null, null];
      const made = { source, target, position, edge: number, count: edge.count, index: edges.length };
      bundles.set(name, made);
      edges.push(made);
    }
  }
  return edges;
}

function boxesAround(kept, boxes) {
  const parent = new Map(boxes.map((box) => [box.id, box.parent]));
  const around = new Set();
  for (const node of kept) for (let at = node.box; at !== null && !around.has(at); at = parent.get(at)) around.add(at);
  return boxes.filter((box) => around.has(box.id));
}
