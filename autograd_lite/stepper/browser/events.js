/**
 * What happens in a chapter, event by event. A document lists the events or leaves them to be derived from the graph.
 *
 * An event: {kind: "forward"|"seed"|"backward"|"update", line, changed, before, after} and, of a step back,
 * {edge, position, operand, local, upstream}; `changed` is the one line whose value or gradient is another one then.
 */

import { Groups, countBelow } from "./groups.js";
import { numberOf } from "./numbers.js";

const KIND_OF_CODE = { f: "forward", s: "seed", b: "backward", u: "update" };

/** Forward through all operations, the seed, the reverse sweep, and the updates at the end. */
export class DerivedEvents {
  constructor(chapter, updates) {
    const { graph } = chapter;
    this._chapter = chapter;
    this._graph = graph;
    this._seed = graph.operations.length; // the index of the seed
    this._end = this._seed + 1 + graph.sweep.length; // where updates begin
    this._updates = updates;
    this._updatesOf = new Map();
    updates.forEach(([line], i) => this._updatesOf.set(line, [...(this._updatesOf.get(line) ?? []), this._end + i]));
    this._columns = null;
    this.length = this._end + updates.length;
  }

  get phases() {
    return [["forward", 0, this._seed], ["seed", this._seed, this._seed + 1], ["backward", this._seed + 1, this._end],
      ["update", this._end, this.length]].filter(([, start, stop]) => start < stop)
      .map(([name, start, stop]) => ({ name, start, stop }));
  }

  at(index) {
    if (index < this._seed) return forwardEvent(this._chapter, this._graph.operations[index]);
    if (index >= this._end) return this._update(index - this._end);
    return index === this._seed ? this._seeded() : this._back(index - this._seed - 1);
  }

  contributions(line) {
    return this._graph.contributions.of(line);
  }

  valueEvents(line) {
    const updates = this._updatesOf.get(line) ?? [];
    return this._graph.rule(line) ? [countBelow(this._graph.operations, line), ...updates] : updates;
  }

  adjointEvents(line) {
    return line === this._graph.root ? [this._seed, ...this.contributions(line)] : this.contributions(line);
  }

  _update(number) {
    const [line, after] = this._updates[number];
    const earlier = this._updatesOf.get(line).filter((index) => index < this._end + number);
    const before = earlier.length ? this._updates[earlier.at(-1) - this._end][1] : this._chapter.values[line];
    return { kind: "update", line, changed: line, before, after };
  }

  _seeded() {
    const line = this._graph.root, { earlier, seed } = this._chapter;
    const before = earlier.get(line) ?? 0, isAddedTo = this._graph.isLeaf(line) || earlier.has(line);
    return { kind: "seed", line, changed: line, before, after: isAddedTo ? seed + before : seed }; // -0 stays
  }

  _back(step) {
    const { sums, before, after } = this._swept();
    const edge = this._graph.sweep[step], line = this._graph.edgeLine[edge];
    return backEvent(this._chapter, edge, sums[line], before[step], after[step]);
  }

  /** A pass is summed from 0, and what a leaf had before is put on top of the sum: in floats the order matters. */
  _swept() {
    if (this._columns) return this._columns;
    const { sweep, edgeLine, edgeOperand, size, root } = this._graph, { partials, earlier, seed } = this._chapter;
    const sums = new Float64Array(size), started = new Uint8Array(size);
    const before = new Float64Array(sweep.length), after = new Float64Array(sweep.length);
    const total = (line) => {
      if (!earlier.has(line)) return sums[line];
      return started[line] ? sums[line] + earlier.get(line) : earlier.get(line);
    };
    sums[root] = seed;
    started[root] = 1;
    for (let step = 0; step < sweep.length; step += 1) {
      const edge = sweep[step], operand = edgeOperand[edge];
      before[step] = total(operand);
      sums[operand] += partials[edge] * sums[edgeLine[edge]];
      started[operand] = 1;
      after[step] = total(operand);
    }
    this._columns = { sums, before, after };
    return this._columns;
  }
}

/** Events as the document lists them, where they are not what a graph's events would be. */
export class ListedEvents {
  constructor(chapter, rows) {
    this._chapter = chapter;
    this._rows = rows;
    this.length = rows.length;
    const changed = rows.map((row) => (row[0] === "b" ? row[3] : row[1]));
    [this._values, this._adjoints, this._backs] = ["fu", "sb", "b"].map((codes) => {
      return new Groups(rows.map(([code], i) => (codes.includes(code) ? changed[i] : -1)), chapter.graph.size);
    });
  }

  get phases() {
    const phases = [];
    this._rows.forEach(([code], index) => {
      const name = KIND_OF_CODE[code];
      if (phases.at(-1)?.name !== name) phases.push({ name, start: index, stop: index });
      phases.at(-1).stop = index + 1;
    });
    return phases;
  }

  at(index) {
    const [code, line, ...rest] = this._rows[index];
    if (code === "f") return forwardEvent(this._chapter, line);
    const numbers = rest.map(numberOf), [before, after] = numbers.slice(-2);
    if (code !== "b") return { kind: KIND_OF_CODE[code], line, changed: line, before, after };
    const [position, operand, local, upstream] = numbers, edge = this._chapter.graph.edge(line, position);
    return { kind: "backward", line, changed: operand, edge, position, operand, local, upstream, before, after };
  }

  contributions(line) {
    return this._backs.of(line);
  }

  valueEvents(line) {
    return this._values.of(line);
  }

  adjointEvents(line) {
    return this._adjoints.of(line);
  }
}

function forwardEvent(chapter, line) {
  return { kind: "forward", line, changed: line, before: undefined, after: chapter.values[line] };
}

function backEvent({ graph, partials }, edge, upstream, before, after) {
  const line = graph.edgeLine[edge], operand = graph.edgeOperand[edge];
  const position = edge - graph.edge(line, 0), local = partials[edge];
  return { kind: "backward", line, changed: operand, edge, position, operand, local, upstream, before, after };
}
