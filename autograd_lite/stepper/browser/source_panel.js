// The reader's own code: the line that made the value, and a few around it.

import { createMemo, make, makePanel, refill, setText } from "./dom.js";

const AROUND = 3;

/** Returns the panel of the source; hidden where a story knows none. */
export function createSourcePanel({ session }) {
  const panel = makePanel("Your code", { className: "al-source" });
  const code = make("div", { class: "al-code", tabindex: 0, role: "group", "aria-label": "Source lines" });
  panel.body.append(code);
  const memo = createMemo();
  const update = () => {
    const { player } = session;
    const { graph } = player.chapter;
    panel.element.hidden = graph.sources.length === 0;
    if (panel.element.hidden) return;
    const line = player.event?.line ?? graph.root;
    const spot = graph.spot(line);
    if (!memo(graph, spot?.file, spot?.number, spot?.source)) return;
    setText(panel.note, spot ? `${spot.file}, line ${spot.number}` : "");
    if (spot) refill(code, ...sourceRows(spot.source, spot.number));
    else refill(code, make("p", { class: "al-quiet", text: "Which line made this value was not recorded." }));
  };
  return { element: panel.element, update };
}

function sourceRows(source, number) {
  const rows = [];
  const last = source.first + source.text.length - 1;
  for (let at = Math.max(source.first, number - AROUND); at <= Math.min(last, number + AROUND); at += 1) {
    const current = at === number;
    rows.push(
      make(
        "div",
        { class: current ? "al-code-line al-current" : "al-code-line", "aria-current": current ? "true" : null },
        make("span", { class: "al-code-mark", text: current ? "▶" : "" }),
        make("span", { class: "al-code-number", text: at }),
        make("code", { text: source.text[at - source.first] || " " }),
      ),
    );
  }
  return rows;
}
