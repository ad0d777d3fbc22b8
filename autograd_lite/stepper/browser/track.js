// One story with its cursor, and what of its graphs is open.

import { Folding } from "./folding.js";
import { Player } from "./player.js";

const MOST_CARDS = 150; // that following shows; it opens no more
const PATIENT = 4; // events: what happens goes to and fro between neighbours

/** One story with its cursor and, for each of its graphs, which pieces are open. */
export class Track {
  constructor(story) {
    this.story = story;
    this.player = new Player(story);
    this.foldings = new Map();
    this.forget();
    this.isReadable = () => true; // whether a picture can be read; `Stage` knows
  }

  /** The folding of the graph shown; at first as much is open as can be read. */
  get folding() {
    const graph = this.player.chapter.graph;
    if (!this.foldings.has(graph)) {
      const folding = new Folding(graph);
      folding.openToLimit((visible) => this.isReadable(graph, visible));
      this.foldings.set(graph, folding);
    }
    return this.foldings.get(graph);
  }

  /**
   * Opens the pieces around what happens, from outside in as far as there is room, and closes again those that it
   * opened where nothing has happened for some events. A piece that the reader closes in the meantime stays closed.
   */
  follow() {
    const { chapter, event, position } = this.player;
    const { graph } = chapter;
    const { folding } = this;
    if (this.visited.graph !== graph) this.visited = { graph, pieces: new Map() };
    const { pieces } = this.visited; // piece -> the position at which something happened inside
    for (const [piece, last] of pieces) if (Math.abs(position - last) > PATIENT || !event) pieces.delete(piece);
    const entered = [];
    for (let at = event ? graph.home(event.line) : -1; at >= 0; at = graph.pieces[at].parent) {
      if (!pieces.has(at)) entered.unshift(at);
      pieces.set(at, position);
    }
    folding.giveBack(pieces);
    for (const piece of entered) {
      if (folding.direct[piece] > MOST_CARDS - folding.visible().nodes.length) break;
      folding.lend([piece]);
    }
  }

  /** Forgets where something happened, so that following opens it again. */
  forget() {
    this.visited = { graph: null, pieces: new Map() };
  }

  /** The position after the next event that changes another visible card than the last one did. */
  get over() {
    const { player, story, folding } = this;
    if (!player.event) return Math.min(1, story.length);
    const here = folding.idOf(player.event.changed);
    const stop = story.starts[player.chapterIndex + 1];
    let position = player.position;
    while (position < stop) {
      const event = player.chapter.event(position - story.starts[player.chapterIndex]);
      position += 1;
      if (folding.idOf(event.changed) !== here) return position;
    }
    return Math.min(position + 1, story.length);
  }
}
