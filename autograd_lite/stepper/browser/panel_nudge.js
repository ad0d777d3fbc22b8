// Nudging: add a small h to a leaf, compute again, and put the quotient beside the gradient.

import { make, makeFacts, setText } from "./dom.js";
import { figure, general } from "./numbers.js";

const SIZES = ["1e-1", "1e-2", "1e-3", "1e-4", "1e-5", "1e-6"];

/** Returns the part of the what-if panel that nudges the selected leaf. */
export function createNudge(session) {
  const size = make("select", { class: "al-select", "aria-label": "h", on: { change: () => show() } });
  for (const text of SIZES) size.append(make("option", { value: text, text }));
  size.value = "1e-3";
  const facts = makeFacts(["change of the root / h", "gradient", "difference"]);
  const title = make("p", { class: "al-nudge-title" }, make("span", { text: "Nudge by h = " }), size);
  const element = make("div", { class: "al-nudge" }, title, facts.element);
  let base = null;

  const show = () => {
    const { chapter } = session.player;
    const h = Number(size.value);
    const moved = chapter.imagined(new Map([[base.line, base.value + h]]));
    const quotient = (moved.values[chapter.graph.root] - base.output) / h;
    const { gradient } = base;
    setText(facts.rows[0].firstChild, `change of ${chapter.graph.letter} / h`);
    setText(facts.rows[1].firstChild, `d${chapter.graph.letter}/d${base.name}`);
    setText(facts.cells[0], general(quotient, 8));
    setText(facts.cells[1], general(gradient, 8));
    setText(facts.cells[2], figure(quotient - gradient));
  };
  const update = (leaf) => {
    if (leaf === base) return;
    base = leaf;
    show();
  };
  return { element, update };
}
