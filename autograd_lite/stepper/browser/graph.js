/** The shape of a computation: its lines, which line uses which, what they are called and where they belong. */

import { Groups } from "./groups.js";
import { figure } from "./numbers.js";

const BLANKS = /[\ue000-\ue002]/g; // in a rule's text: x, y, c
const LETTER_OF_BLANK = new Map([["\ue000", "x"], ["\ue001", "y"], ["\ue002", "c"]]);
const SAYS_NOTHING = /^…*$/; // a name of which nothing was left

/**
 * A graph that chapters share. A line is an entry of the tape; an edge is one operand of one line, and edges are
 * numbered line after line.
 */
export class Graph {
  constructor(json, rules, index) {
    const size = json.rules.length;
    this.index = index;
    this.size = size;
    this.root = json.root;
    this.letter = json.letter;
    this.parameters = json.parameters;
    this.sources = json.sources;
    this._rules = rules;
    this._ruleOf = Int32Array.from(json.rules);
    this.edgeOperand = Int32Array.from(json.operands);
    this.edgeStart = new Int32Array(size + 1);
    this.edgeLine = new Int32Array(this.edgeOperand.length);
    for (let line = 0; line < size; line += 1) {
      const start = this.edgeStart[line], stop = start + (this.rule(line)?.letters.length ?? 0);
      this.edgeStart[line + 1] = stop;
      this.edgeLine.fill(line, start, stop);
    }
    this._consumers = new Groups(this.edgeOperand, size);
    this._given = new Map(pairsOf(json.names));
    this._shortened = new Map(pairsOf(json.shortened));
    this._spot = json.spot;
    this._spots = json.spots;
    this._home = Int32Array.from(json.home);
    this.pieces = piecesOf(json.pieces, this._home);

    /** The lines that are operations, in order. */
    this.operations = Int32Array.from(json.rules.keys()).filter((line) => this._ruleOf[line] >= 0);
    /** Of each edge, whether there is a derivative along it: not by a condition, nor by a constant. */
    this.hasPartial = this._edgesWithPartial();
    /** The edges of the reverse sweep, in its order. */
    this.sweep = this._sweepFromRoot();
    /** For each line the events that add to its gradient: the sweep comes after the forward steps and the seed. */
    this.contributions = new Groups([
      ...new Int8Array(this.operations.length + 1).fill(-1),
      ...this.sweep.map((edge) => this.edgeOperand[edge]),
    ], size);
    /** The constants' numbers, for names; `readStory` takes them from the first chapter. */
    this.constants = null;
    /** Whether several chapters have this graph, with constants of their own. */
    this.isShared = false;
  }

  /** Returns the rule of an operation; null for a leaf or a constant. */
  rule(line) {
    return this._rules[this._ruleOf[line]] ?? null;
  }

  isConstant(line) {
    return this._ruleOf[line] === -2;
  }

  isLeaf(line) {
    return this._ruleOf[line] === -1;
  }

  /** Returns the lines that a line uses, in the order of its rule's letters. */
  operands(line) {
    return this.edgeOperand.subarray(this.edgeStart[line], this.edgeStart[line + 1]);
  }

  /** Returns the edges along which a line is used. */
  consumers(line) {
    return this._consumers.of(line);
  }

  /** Returns the edge of an operand; positions count operands that have a derivative. */
  edge(line, position) {
    return this.edgeStart[line] + this.rule(line).skip + position;
  }

  /** Says whether some operand of a line is a constant, which decides at ties between the rule's partials. */
  isLone(line) {
    const { skip } = this.rule(line);
    return this.operands(line).subarray(skip).some((operand) => this.isConstant(operand));
  }

  /** Returns the name that the program gave a line, "" if none. */
  givenName(line) {
    return this._given.get(line) ?? "";
  }

  /** Returns what a line is called: its name, its number if it is a constant, or v and its index. */
  name(line) {
    if (this.isConstant(line)) return figure(this.constants.get(line));
    return this._shortened.get(line) ?? (this.givenName(line) || `v${line}`);
  }

  /**
   * Returns the right-hand side of an operation, "" for what is none.
   * @param {number} line
   * @param {string[]} words what to write for each operand
   * @returns {string} "w * x", "tanh(v3)"
   */
  writtenWith(line, words) {
    const rule = this.rule(line);
    return rule ? rule.text.replace(BLANKS, (blank) => words[rule.letters.indexOf(LETTER_OF_BLANK.get(blank))]) : "";
  }

  /** Returns the piece that a line is directly in, -1 if it is in none. */
  home(line) {
    return this._home[line];
  }

  /** Returns the line of source text that made a line, null if it is not known. */
  spot(line) {
    const spot = this._spots[this._spot[line] ?? -1];
    return spot ? { file: this.sources[spot[0]].file, number: spot[1], source: this.sources[spot[0]] } : null;
  }

  _edgesWithPartial() {
    const found = new Uint8Array(this.edgeOperand.length);
    for (const line of this.operations) {
      for (let edge = this.edge(line, 0); edge < this.edgeStart[line + 1]; edge += 1) {
        found[edge] = Number(!this.isConstant(this.edgeOperand[edge]));
      }
    }
    return found;
  }

  /** Goes from the last line to the first: all that use a line have contributed before it passes its adjoint on. */
  _sweepFromRoot() {
    const reached = new Uint8Array(this.size), steps = [];
    reached[this.root] = 1;
    for (let i = this.operations.length - 1; i >= 0; i -= 1) {
      const line = this.operations[i];
      if (!reached[line]) continue;
      for (let edge = this.edgeStart[line]; edge < this.edgeStart[line + 1]; edge += 1) {
        if (!this.hasPartial[edge]) continue;
        reached[this.edgeOperand[edge]] = 1;
        steps.push(edge);
      }
    }
    return Int32Array.from(steps);
  }
}

/** Yields a flat list two by two. */
export function* pairsOf(flat) {
  for (let i = 0; i < flat.length; i += 2) yield [flat[i], flat[i + 1]];
}

function piecesOf(rows, home) {
  const inside = new Groups(home, rows.length);
  const pieces = rows.map(([given, parent, count], index) => {
    const name = SAYS_NOTHING.test(given) ? `${given} (${count.toLocaleString("en")} values)`.trim() : given;
    return { index, name, parent, count, children: [], lines: inside.of(index) };
  });
  for (const piece of pieces) if (piece.parent >= 0) pieces[piece.parent].children.push(piece.index);
  return pieces;
}
