// Which pieces of a graph are open, and what is therefore to be seen: single lines, closed pieces, frames of open ones.
// Ids: "v12" is line 12, "s3" is piece 3 drawn as one; "earlier" and "later" stand for what a focus hides.

import { hideFar } from "./neighbourhood.js";
import { openedAtFirst } from "./opening.js";
import { findIn } from "./search.js";
import { seenWith } from "./visible.js";

export const MOST_VISIBLE = 2000; // nodes: openAll opens no more
const NOWHERE = -1;
const LENT = 2; // open for a while: 0 is closed, 1 open

/** Which pieces of a graph are open. Everything starts closed; see `openToLimit`. */
export class Folding {
  /**
   * @param {Graph} graph see story.js.
   * @param {{limit?: number}} options how many nodes `openToLimit` shows at most.
   */
  constructor(graph, { limit = 60 } = {}) {
    Object.assign(this, { graph, limit });
    const pieces = graph.pieces;
    this.opened = new Uint8Array(pieces.length);
    this.operations = new Int32Array(pieces.length);
    this.last = new Int32Array(pieces.length).fill(NOWHERE); // the last line inside
    this.direct = new Int32Array(pieces.length); // lines and pieces directly inside
    this.top = pieces.filter((piece) => piece.parent < 0).length; // lines and pieces at the top
    for (let line = 0; line < graph.size; line++) {
      const home = graph.home(line);
      if (home < 0) {
        this.top += 1;
        continue;
      }
      this.direct[home] += 1;
      this.last[home] = line;
      if (graph.rule(line)) this.operations[home] += 1;
    }
    for (let piece = pieces.length - 1; piece >= 0; piece--) {
      // parents come before children
      const { parent } = pieces[piece];
      if (parent < 0) continue;
      this.direct[parent] += 1;
      this.operations[parent] += this.operations[piece];
      this.last[parent] = Math.max(this.last[parent], this.last[piece]);
    }
    this.centre = null; // of the focus
    this.hops = 2;
    this.kept = new Set(); // ids that were revealed beyond the focus's hops
    this.changed();
  }

  /** Whether a piece is drawn as a frame around what is in it, if it is seen at all. */
  isOpen(piece) {
    return this.opened[piece] !== 0;
  }

  /** Opens a piece; those around it stay as they are. */
  open(piece) {
    this.set(piece, 1);
  }

  /** Closes a piece; those in it are as they were when it is opened again. */
  close(piece) {
    this.set(piece, 0);
  }

  /** Opens a closed piece, closes an open one; `id` is "s3". Returns whether there was something to do. */
  toggle(id) {
    const piece = pieceOfId(id);
    if (piece === null) return false;
    this.set(piece, this.isOpen(piece) ? 0 : 1);
    return true;
  }

  /** Opens all pieces around a line, and drops a focus that hides it. Returns the line's id. */
  reveal(line) {
    for (let at = this.graph.home(line); at >= 0; at = this.graph.pieces[at].parent) this.open(at);
    if (this.centre !== null && !this.visible().ids.has(`v${line}`)) this.focus(null);
    return this.idOf(line);
  }

  /** Closes everything, then opens what is open at first; see `openedAtFirst`. */
  openToLimit(isReadable = () => true) {
    const looksWell = (opened) => {
      this.opened = opened;
      this.changed();
      return isReadable(this.visible());
    };
    this.opened = openedAtFirst(this.graph, this, looksWell);
    this.changed();
  }

  /** Opens the closed ones of some pieces until they are given back; an opening of the reader's own stays. */
  lend(pieces) {
    for (const piece of pieces) if (!this.isOpen(piece)) this.set(piece, LENT);
  }

  /** Closes what was lent, but for some pieces. */
  giveBack(kept = new Set()) {
    this.opened.forEach((state, piece) => state === LENT && !kept.has(piece) && this.set(piece, 0));
  }

  /** Closes every piece. */
  closeAll() {
    this.opened.fill(0);
    this.changed();
  }

  /** Opens every piece; returns false, and does nothing, where that would show more than MOST_VISIBLE nodes. */
  openAll() {
    if (this.graph.size > MOST_VISIBLE) return false;
    this.opened.fill(1);
    this.changed();
    return true;
  }

  /** Shows only what is at most `hops` edges from a line; null shows everything again. */
  focus(line, hops = 2) {
    if (line === this.centre && hops === this.hops) return;
    Object.assign(this, { centre: line, hops });
    this.kept.clear();
    this.changed();
  }

  /** Shows what a node reads: undoes a focus's hiding there, or opens the closed pieces that it reads from. */
  revealInputs(id) {
    return this.revealBeside(id, "target", "source");
  }

  /** Shows what reads a node; see `revealInputs`. */
  revealOutputs(id) {
    return this.revealBeside(id, "source", "target");
  }

  revealBeside(id, end, other) {
    const beside = this.everything()
      .edges.filter((edge) => edge[end] === id)
      .map((edge) => edge[other]);
    const hidden = beside.filter((found) => !this.visible().ids.has(found));
    if (hidden.length) {
      for (const found of [id, ...hidden]) this.kept.add(found);
      this.changed({ folds: false });
    } else for (const found of new Set(beside)) if (pieceOfId(found) !== null) this.open(pieceOfId(found));
    return beside.length > 0;
  }

  /** Returns up to 50 lines and pieces that have a text in their names; see `findIn`. */
  find(text) {
    return findIn(this, text);
  }

  /** Returns the id of the node that shows a line, which may be a closed piece, or "earlier" or "later". */
  idOf(line) {
    const id = this.unfocusedId(line);
    const { ids, hidden } = this.visible();
    return ids.has(id) ? id : (hidden.get(id) ?? id);
  }

  unfocusedId(line) {
    const home = this.graph.home(line);
    const piece = home < 0 ? NOWHERE : this.drawnAs()[home];
    return piece < 0 ? `v${line}` : `s${piece}`;
  }

  /**
   * Returns what is to be seen, the same object until something changes.
   *
   * @returns {{nodes: object[], edges: object[], boxes: object[], ids: Set<string>, hidden: Map<string, string>}}
   *     nodes {id, kind, line, piece, box, lines, operations, isRoot} in tape order of their last lines, `line` and
   *     `piece` null where there is none, `box` the id of the frame around it or null;
   *     edges {source, target, position, edge, count, index} by consumer, then position, both null into a closed piece;
   *     boxes {id, piece, name, parent} of open pieces, outer ones first; ids of the nodes; for each id that a focus
   *     hides, the id of the node that stands for it.
   */
  visible() {
    this.shown ??= this.hidden();
    return this.shown;
  }

  hidden() {
    const all = this.everything();
    if (this.centre === null) return all;
    return hideFar(all, this.unfocusedId(this.centre), this.hops, this.kept);
  }

  set(piece, open) {
    if (this.opened[piece] === open) return;
    const same = this.isOpen(piece) === Boolean(open);
    this.opened[piece] = open;
    if (same) return;
    if (this.centre !== null) this.keepWith(piece, open);
    this.changed();
  }

  /** Within a focus: what a kept piece contained stays, and a piece stays that contained something kept. */
  keepWith(piece, open) {
    if (!open) {
      this.kept.add(`s${piece}`);
      return;
    }
    for (const line of this.graph.pieces[piece].lines) this.kept.add(`v${line}`);
    for (const child of this.graph.pieces[piece].children) this.kept.add(`s${child}`);
  }

  changed({ folds = true } = {}) {
    this.shown = null;
    if (folds) this.all = this.drawn = null;
  }

  /** Returns for each piece the outermost closed piece around it, itself included; -1 where all are open. */
  drawnAs() {
    if (this.drawn) return this.drawn;
    this.drawn = new Int32Array(this.opened.length);
    for (const { index, parent } of this.graph.pieces) {
      const above = parent < 0 ? NOWHERE : this.drawn[parent];
      this.drawn[index] = above >= 0 ? above : this.opened[index] ? NOWHERE : index;
    }
    return this.drawn;
  }

  everything() {
    this.all ??= seenWith(this.graph, this.drawnAs(), this);
    return this.all;
  }
}

/** Returns the piece that an id such as "s3" names, or null. */
export function pieceOfId(id) {
  return typeof id === "string" && id.startsWith("s") ? Number(id.slice(1)) : null;
}

/** Returns the line that an id such as "v12" names, or null. */
export function lineOfId(id) {
  return typeof id === "string" && id.startsWith("v") ? Number(id.slice(1)) : null;
}
