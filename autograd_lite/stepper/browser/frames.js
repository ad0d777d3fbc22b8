// Places a view box by box, from the inside out: view/frames.py in JavaScript, step for step.
//
// Each box is laid out by `arrange` and is then one large thing in the box around it. An edge that crosses a border
// does so at a *gate*; the gate is a thing in the inner layout and a port of the large thing in the outer one, so that
// the pieces of the edge meet.

import { arrange } from "./layout.js";

const PAD = 10; // a frame's room around
const PORT = 17; // between the entries of an operation's operands
const TOP = ""; // the box around everything

/** Lays a view out box by box, from the inside out. */
export class Frames {
  /**
   * @param {{nodes: {id: string, box: string|null}[], edges: {source: string, target: string, position: number|null}[],
   *     boxes: {id: string, parent: string|null}[]}} view outer boxes first; ids without spaces.
   * @param {Map<string, {width: number, height: number}>} cards by node id.
   * @param {{gap?: number, verge?: number, title?: number, level?: boolean}} options room between columns, inside a
   *     border that edges cross, and for the name of a frame; whether edges run level within columns.
   */
  constructor(view, cards, { gap = 70, verge = gap, title = 20, level = false } = {}) {
    Object.assign(this, { view, cards, gap, verge, title, level });
    this.parent = new Map([...view.boxes.map((box) => [box.id, box.parent]), ...view.nodes.map((n) => [n.id, n.box])]);
    this.around = new Map([...this.parent.keys()].map((thing) => [thing, this.pathOf(thing)]));
    const boxes = [TOP, ...view.boxes.map((box) => box.id)];
    this.links = new Map(boxes.map((box) => [box, []]));
    this.entering = new Map(boxes.map((box) => [box, new Set()]));
    this.leaving = new Map(boxes.map((box) => [box, new Set()]));
    this.placed = new Map();
    this.sizes = new Map([...cards].map(([key, card]) => [key, [card.width, card.height]]));
    this.steps = view.edges.map((edge) => this.stepsOf(edge));
    this.ports = portsOf(view);
  }

  /** Returns the thing and the boxes around it, outermost first. */
  pathOf(thing) {
    const path = [];
    for (let at = thing; at !== null && at !== undefined; at = this.parent.get(at)) path.push(at);
    return path.reverse();
  }

  /** Cuts an edge at the borders it crosses: the box, and what it joins there, things or gates. */
  stepsOf(edge) {
    const [source, target] = [this.around.get(edge.source), this.around.get(edge.target)];
    let shared = 0;
    while (source[shared] === target[shared] && source[shared] !== edge.source && source[shared] !== edge.target)
      shared += 1;
    const steps = [];
    for (let depth = source.length - 1; depth > shared; depth--) {
      const gate = `out ${edge.source} ${source[depth - 1]}`;
      this.leaving.get(source[depth - 1]).add(gate);
      steps.push([source[depth - 1], source[depth], gate]);
    }
    steps.push([shared ? source[shared - 1] : TOP, source[shared], target[shared]]);
    for (let depth = shared + 1; depth < target.length; depth++) {
      const gate = `in ${edge.source} ${target[depth - 1]}`;
      this.entering.get(target[depth - 1]).add(gate);
      steps.push([target[depth - 1], gate, target[depth]]);
    }
    return steps;
  }

  /**
   * Returns where everything is; for one use.
   *
   * @returns {{width: number, height: number, nodes: Map<string, Rectangle>, frames: Map<string, Rectangle>,
   *     curves: [number, number][][]}} rectangles {x, y, width, height} by id, outer frames first, and for each edge
   *     the points of its cubic Bezier curves: start, control, control, end, ...
   */
  scene() {
    const children = new Map([...this.links.keys()].map((box) => [box, new Set()]));
    for (const node of this.view.nodes) {
      const path = this.around.get(node.id);
      path.forEach((thing, depth) => children.get(depth ? path[depth - 1] : TOP).add(thing));
    }
    const depth = (box) => (box === TOP ? 1 : -this.around.get(box).length);
    const order = [...this.links.keys()].sort((one, other) => depth(one) - depth(other));
    const byBox = new Map(order.map((box) => [box, []]));
    this.steps.forEach((steps, e) => steps.forEach(([box], s) => byBox.get(box).push([e, s])));
    const where = this.steps.map(() => []);
    for (const box of order) {
      const links = this.links.get(box);
      for (const [e, s] of byBox.get(box)) {
        where[e][s] = links.length;
        links.push(this.linkOf(e, s));
      }
      const things = [...children.get(box)].map((thing) => [thing, this.sizes.get(thing)]);
      const sizes = new Map([...this.gateSizes(box, "target"), ...things, ...this.gateSizes(box, "source")]);
      const [entries, exits] = [this.entering.get(box), this.leaving.get(box)];
      const placement = arrange(sizes, links, { entries, exits, gap: this.gap, verge: this.verge });
      this.placed.set(box, placement);
      if (box === TOP) continue;
      const [left, right] = this.sidesOf(box);
      this.sizes.set(box, [placement.width + left + right, placement.height + this.title + PAD]);
    }
    return this.assembled(order, where);
  }

  /** Returns the room of the entering gates (end="target") or the leaving ones, spread beside what they lead to. */
  gateSizes(box, end) {
    const gates = (end === "target" ? this.entering : this.leaving).get(box);
    const start = end === "target" ? "source" : "target";
    const beside = new Set(this.links.get(box).flatMap((link) => (gates.has(link[start]) ? [link[end]] : [])));
    let room = 0;
    for (const thing of beside) if (!isGate(thing)) room += this.sizes.get(thing)[1];
    const height = Math.max(0, Math.min(60, room / Math.max(1, gates.size) - 14));
    return [...gates].map((gate) => [gate, [0, height]]);
  }

  sidesOf(box) {
    return [this.entering.get(box).size ? 0 : PAD, this.leaving.get(box).size ? 0 : PAD];
  }

  linkOf(e, s) {
    const [edge, steps] = [this.view.edges[e], this.steps[e]];
    const [, source, target] = steps[s];
    const leaves = s > 0 && !isGate(source) ? this.gateHeight(source, steps[s - 1][2]) : 0; // left through a gate
    if (target === edge.target) return { source, target, leaves, enters: this.ports[e] };
    return { source, target, leaves, enters: isGate(target) ? 0 : this.gateHeight(target, steps[s + 1][1]) };
  }

  /** Returns a gate's height, measured from the middle of its box. */
  gateHeight(box, gate) {
    return this.placed.get(box).middles.get(gate)[1] + this.title - this.sizes.get(box)[1] / 2;
  }

  assembled(order, where) {
    const origins = new Map([[TOP, [0, 0]]]);
    const [frames, nodes] = [new Map(), new Map()];
    for (const box of [...order].reverse()) {
      const [x, y] = origins.get(box);
      for (const [thing, [middleX, middleY]] of this.placed.get(box).middles) {
        if (isGate(thing)) continue;
        const [width, height] = this.sizes.get(thing);
        const rectangle = { x: x + middleX - width / 2, y: y + middleY - height / 2, width, height };
        if (this.cards.has(thing)) {
          nodes.set(thing, rectangle);
          continue;
        }
        frames.set(thing, rectangle);
        origins.set(thing, [rectangle.x + this.sidesOf(thing)[0], rectangle.y + this.title]);
      }
    }
    const curves = this.view.edges.map((_, e) => smooth(this.pointsOf(e, where[e], { origins, frames, nodes })));
    const { width, height } = this.placed.get(TOP);
    return { width, height, nodes, frames, curves };
  }

  /** Returns what an edge's curve goes through: its two ends, its ways in each box, and the gates between them. */
  pointsOf(e, where, { origins, frames, nodes }) {
    const edge = this.view.edges[e];
    const [source, target] = [nodes.get(edge.source), nodes.get(edge.target)];
    const points = [[source.x + source.width, source.y + source.height / 2]];
    const arrive = (column, [x, y]) => points.push(...(this.level && column < x - 1 ? [[column, y]] : []), [x, y]);
    this.steps[e].forEach(([box, start, end], s) => {
      const [x, y] = origins.get(box);
      const placement = this.placed.get(box);
      const stop = this.level && !isGate(start) ? x + placement.spans.get(start)[1] : -Infinity;
      if (stop > points.at(-1)[0] + 1) points.push([stop, points.at(-1)[1]]);
      for (const [wayX, wayY] of placement.ways[where[s]]) points.push([x + wayX, y + wayY]);
      if (isGate(end)) {
        const [gateX, gateY] = placement.middles.get(end);
        points.push([x + gateX, y + gateY]);
      } else if (end !== edge.target) {
        const gate = this.steps[e][s + 1][1];
        const [, gateY] = this.placed.get(end).middles.get(gate);
        arrive(x + placement.spans.get(end)[0], [frames.get(end).x, frames.get(end).y + this.title + gateY]);
      } else {
        const column = x + placement.spans.get(end)[0];
        arrive(column, [target.x, target.y + target.height / 2 + this.ports[e]]);
      }
    });
    return points;
  }
}

const isGate = (key) => key.includes(" ");

/** Returns, for each edge, how far below the middle of its target it arrives: operands from top to bottom. */
function portsOf({ nodes, edges }) {
  const count = new Map(nodes.map((node) => [node.id, 1]));
  for (const { target, position } of edges) count.set(target, Math.max(count.get(target), (position ?? 0) + 1));
  return edges.map(({ target, position }) => (position === null ? 0 : PORT * (position - (count.get(target) - 1) / 2)));
}

/** Returns a curve through the points that is level at each of them; those on a straight are left out. */
function smooth(points) {
  const last = points.length - 1;
  const differs = (i, j) => Math.abs(points[i][1] - points[j][1]) > 0.05;
  const kept = points.filter((_, i) => i === 0 || i === last || differs(i, i - 1) || differs(i, i + 1));
  const curve = [kept[0]];
  for (let i = 1; i < kept.length; i++) {
    const [[ax, ay], [bx, by]] = [kept[i - 1], kept[i]];
    if (ax === bx && ay === by) continue;
    const bend = bx > ax ? (bx - ax) / 2 : 40;
    curve.push([ax + bend, ay], [bx - bend, by], [bx, by]);
  }
  return curve;
}
