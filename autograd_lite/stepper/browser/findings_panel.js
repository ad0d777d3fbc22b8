// What is remarkable about this pass: nan, dead units, saturation, gradients that vanish or explode.

import { createMemo, make, makePanel, refill, setText } from "./dom.js";

const MOST_NODES = 8;

/** Returns the panel of findings; hidden where a chapter has none. */
export function createFindingsPanel({ session }) {
  const panel = makePanel("Findings", { className: "al-findings" });
  const memo = createMemo();
  const update = () => {
    const { chapter } = session.player;
    if (!memo(chapter)) return;
    const found = chapter.findings ?? [];
    panel.element.hidden = found.length === 0;
    setText(panel.note, String(found.length));
    const items = found.map((finding) =>
      make(
        "li",
        {},
        make("p", { text: finding.sentence }),
        make("p", { class: "al-chips" }, ...chips(session, finding)),
      ),
    );
    refill(panel.body, make("ul", { class: "al-list" }, ...items));
  };
  return { element: panel.element, update };
}

function chips(session, finding) {
  const { chapter } = session.player;
  const shown = finding.lines.slice(0, MOST_NODES).map((line) =>
    make("button", {
      type: "button",
      class: "al-chip",
      text: chapter.name(line),
      title: "select this value",
      on: { click: () => session.reveal(line) },
    }),
  );
  const left = finding.lines.length - shown.length;
  return left > 0
    ? [...shown, make("span", { class: "al-quiet", text: `and ${left.toLocaleString("en")} more` })]
    : shown;
}
