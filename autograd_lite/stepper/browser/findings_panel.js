// What is remarkable about this pass: nan, dead units, saturation, gradients that vanish or explode.

import { createMemo, make, makePanel, refill, setText } from "./dom.js";

const MOST_NODES = 8;
const CHANGED = "changed"; // the kind of finding that makes all other numbers doubtful

/** Returns the panel of findings; hidden where a chapter has none. */
export function createFindingsPanel(context) {
  const panel = makePanel("Findings", { className: "al-findings" });
  return listOf(context, panel, (finding) => finding.kind !== CHANGED);
}

/** Returns the panel that says, before all others, that a leaf was changed after the forward pass. */
export function createChangedPanel(context) {
  const panel = makePanel("Changed after the forward pass", { className: "al-alarm" });
  return listOf(context, panel, (finding) => finding.kind === CHANGED);
}

function listOf({ session }, panel, isShown) {
  const memo = createMemo();
  const update = () => {
    const { chapter } = session.player;
    if (!memo(chapter, session.imagined !== null)) return;
    const found = chapter.findings.filter(isShown);
    panel.element.hidden = found.length === 0;
    setText(panel.note, session.imagined ? "of the recorded numbers" : String(found.length));
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
