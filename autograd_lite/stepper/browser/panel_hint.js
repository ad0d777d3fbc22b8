// The line under the graph: what a card is, and what it waits for.

import { countOf } from "./cards.js";
import { make, setText } from "./dom.js";
import { said } from "./telling.js";

/** Returns the line that says what the card under the pointer, or the selected one, is and what it waits for. */
export function createHint(session) {
  const name = make("strong");
  const text = make("span");
  const element = make("p", { class: "al-hint" }, name, text);
  let hovered = null;
  const write = (track, line) => {
    const { chapter } = track.player;
    setText(name, chapter.graph.givenName(line) || chapter.name(line));
    setText(text, whatItIs(track, line));
  };
  const update = () => {
    const line = hovered ? hovered.node.line : session.selected;
    const track = hovered?.track ?? session.track;
    const piece = hovered ? (hovered.node.piece ?? -1) : session.selectedPiece;
    if (piece >= 0) {
      const { folding } = track;
      setText(name, track.player.chapter.graph.pieces[piece].name);
      const how = folding.isOpen(piece) ? "open; [ closes it" : "closed; a double-click or ] opens it";
      setText(text, `a piece of ${countOf(folding.operations[piece], "operation")}, ${how}`);
    } else if (line !== null && line !== undefined && line >= 0 && line < track.player.chapter.graph.size)
      write(track, line);
    else {
      setText(name, "");
      setText(text, "Point at a card, or select one, to read what it is and what it waits for.");
    }
  };
  const show = (track, node) => {
    hovered = node ? { track, node } : null;
    update();
  };
  return { element, show, update };
}

function whatItIs({ player, story }, line) {
  const { chapter } = player;
  const { graph } = chapter;
  if (graph.isConstant(line)) return "a constant";
  const what = graph.isLeaf(line)
    ? "a leaf"
    : graph.writtenWith(
        line,
        Array.from(graph.operands(line), (i) => chapter.name(i)),
      );
  const waiting = player.waitsFor(line);
  const [arrived, expected] = player.progress(line);
  if (!expected) return line === graph.root ? `${what}; the root` : what;
  const all = expected === 1 ? "its one contribution is" : `all ${expected} contributions are`;
  if (!waiting.length) return `${what}; its gradient is complete: ${all} there`;
  const names = waiting.slice(0, 8).map((consumer) => chapter.name(consumer));
  if (waiting.length > names.length) names.push("…");
  const count = waiting.length === 1 ? "1 consumer" : `${waiting.length} consumers`;
  const waits = said(story.phrases, "waits", { names: `${count}: ${names.join(", ")}` });
  return `${what}; ${waits}${arrived ? `; ${arrived} of ${expected} contributions are there` : ""}`;
}
