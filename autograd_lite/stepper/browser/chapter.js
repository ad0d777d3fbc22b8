/** One computation: the numbers of a forward pass, its events, and what would be if a leaf had another number. */

import { DerivedEvents, ListedEvents } from "./events.js";
import { imagine } from "./imagine.js";
import { figure, numberOf } from "./numbers.js";
import { pairsOf } from "./graph.js";

/** A chapter of a story. Its numbers are computed when somebody first asks for them. */
export class Chapter {
  constructor(json, graph, index) {
    this.index = index;
    this.title = json.title;
    this.note = json.note ?? "";
    this.graph = graph;
    this.findings = json.findings ?? [];
    this.seed = numberOf(json.seed);
    /** What leaves bring from earlier passes. */
    this.earlier = new Map(numbersOf(json.earlier));
    this._json = json;
    this._columns = null;
    this._events = json.events
      ? new ListedEvents(this, json.events)
      : new DerivedEvents(this, numbersOf(json.updates));
    this.length = this._events.length;
    /** The runs of events of one kind: {name, start, stop}. */
    this.phases = this._events.phases;
    /** Whether the chapter may be computed again from other leaves: the document knows. */
    this.canImagine = json.imagine;
  }

  /** Of each line, its number after the forward pass. */
  get values() {
    return this._decoded().values;
  }

  /** The number of each constant, which is what it is called. */
  get constants() {
    return new Map(numbersOf(this._json.numbers).filter(([line]) => this.graph.isConstant(line)));
  }

  /** Of each edge, d line / d operand; look at `hasPartial` first. */
  get partials() {
    return this._decoded().partials;
  }

  get hasPartial() {
    return this.graph.hasPartial;
  }

  /** Returns an event of the chapter; see events.js. */
  event(index) {
    return this._events.at(index);
  }

  /** Returns the steps back that add to a line's gradient, as indices of events. */
  contributions(line) {
    return this._events.contributions(line);
  }

  /** Returns the events that set a line's value: its forward step, and updates. */
  valueEvents(line) {
    return this._events.valueEvents(line);
  }

  /** Returns the events that set a line's gradient: contributions, and the seed. */
  adjointEvents(line) {
    return this._events.adjointEvents(line);
  }

  /** Returns all events that change a line, in order. */
  changes(line) {
    return Int32Array.from([...this.valueEvents(line), ...this.adjointEvents(line)]).sort();
  }

  /** Returns what a line is called in this chapter, whose constants may have numbers of their own. */
  name(line) {
    return this.graph.isConstant(line) ? figure(this.values[line]) : this.graph.name(line);
  }

  /**
   * Returns what the chapter would be if some leaves had other numbers; see imagine.js.
   * @param {Map<number, number>} changes line -> number
   */
  imagined(changes) {
    return imagine(this, changes);
  }

  _decoded() {
    this._columns ??= decode(this.graph, this._json);
    return this._columns;
  }
}

/** Computes what the document leaves out: what follows from the rules, to the bit. */
function decode(graph, json) {
  const values = new Float64Array(graph.size).fill(NaN), hasValue = new Uint8Array(graph.size);
  const partials = new Float64Array(graph.edgeOperand.length).fill(NaN), given = new Uint8Array(partials.length);
  for (const [line, number] of numbersOf(json.numbers)) {
    values[line] = number;
    hasValue[line] = 1;
  }
  for (const [edge, number] of numbersOf(json.partials)) {
    partials[edge] = number;
    given[edge] = 1;
  }
  for (const [code, line, position, , local] of json.events ?? []) {
    if (code !== "b") continue;
    partials[graph.edge(line, position)] = numberOf(local);
    given[graph.edge(line, position)] = 1;
  }
  for (const line of graph.operations) {
    const rule = graph.rule(line), numbers = Array.from(graph.operands(line), (operand) => values[operand]);
    if (!hasValue[line]) values[line] = rule.value(numbers);
    const first = graph.edge(line, 0), stop = graph.edgeStart[line + 1], lone = graph.isLone(line);
    for (let edge = first; edge < stop; edge += 1) {
      if (!graph.hasPartial[edge] || given[edge]) continue;
      partials[edge] = rule.partial(edge - first, numbers, values[line], lone);
    }
  }
  return { values, partials };
}

function numbersOf(flat) {
  return Array.from(pairsOf(flat), ([key, number]) => [key, numberOf(number)]);
}
