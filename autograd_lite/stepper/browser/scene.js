// Where the cards, frames and edges of a picture are.

import { cardOf } from "./cards.js";
import { Frames } from "./frames.js";

/** Height of a frame's heading: its button fits. */
export const TITLE_BAR = 28;
const ROOMS = { gap: 74, verge: 22, title: TITLE_BAR, level: true }; // the widest label fits between columns

/**
 * Returns the cards of what is visible, by id, and where everything is; see `Frames.scene`.
 *
 * @param {Graph} graph
 * @param {object} visible see `Folding.visible`.
 */
export function layOut(graph, visible) {
  const cards = new Map(visible.nodes.map((node) => [node.id, cardOf(graph, node)]));
  return { cards, scene: new Frames(visible, cards, ROOMS).scene() };
}
