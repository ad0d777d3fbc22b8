// One story with its cursor, and what of its graphs is open.

import { Folding } from "./folding.js";
import { Player } from "./player.js";

const CROWD = 150; // cards

/** One story with its cursor and, for each of its graphs, which pieces are open. */
export class Track {
  constructor(story) {
    this.story = story;
    this.player = new Player(story);
    this.foldings = new Map();
    this.following = [];
  }

  /** The folding of the graph shown; at first as much is open as can be read. */
  get folding() {
    const graph = this.player.chapter.graph;
    if (!this.foldings.has(graph)) {
      const folding = new Folding(graph);
      folding.openToLimit();
      this.foldings.set(graph, folding);
    }
    return this.foldings.get(graph);
  }

  /** Opens the pieces around a line; where much is open, closes those that were opened for an earlier one. */
  follow(line) {
    const { graph } = this.player.chapter;
    const around = new Set();
    for (let piece = graph.home(line); piece >= 0; piece = graph.pieces[piece].parent) around.add(piece);
    const crowded = this.folding.visible().nodes.length > CROWD;
    if (crowded) for (const piece of this.following) if (!around.has(piece)) this.folding.close(piece);
    const closed = [...around].filter((piece) => !this.folding.isOpen(piece));
    this.following = [...this.following.filter((piece) => around.has(piece) || !crowded), ...closed];
    if (closed.length) this.folding.reveal(line);
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
