// The help: what the keys do, and what the signs of the picture mean.

import { make, makeButton } from "./dom.js";
import { KEYS } from "./keys.js";

const SIGNS = [
  ["solid line", "forward: operands make a value"],
  [
    "dashed line",
    "backward: a value passes its gradient on to an operand; the number on the line is the local derivative",
  ],
  ["tick", "the gradient is complete: every contribution has arrived"],
  ["stack of cards", "a closed piece: open it to see the operations inside"],
  ["–", "not there yet; this is not 0"],
];

/** Returns the dialog; `open()` shows it. */
export function createHelp() {
  const close = makeButton("Close", () => dialog.close());
  const row = (head, text) => make("tr", {}, make("th", { scope: "row" }, head), make("td", { text }));
  const keys = KEYS.map(([, written, what]) => row(make("kbd", { text: written }), what));
  const signs = SIGNS.map(([sign, what]) => row(sign, what));
  const dialog = make(
    "dialog",
    { class: "al-help", "aria-label": "Keys and signs" },
    make("h2", { class: "al-heading", text: "Keys" }),
    make("p", {
      class: "al-quiet",
      text: "They work while the stepper has the focus: click into it, or move there with Tab.",
    }),
    make(
      "div",
      { class: "al-scroll", tabindex: 0, role: "group", "aria-label": "Keys and signs" },
      make("table", { class: "al-table al-keys" }, make("tbody", {}, ...keys)),
      make("h2", { class: "al-heading", text: "Signs" }),
      make("table", { class: "al-table al-keys" }, make("tbody", {}, ...signs)),
    ),
    make("p", { class: "al-dialog-end" }, close),
  );
  return { element: dialog, open: () => (dialog.open ? dialog.close() : dialog.showModal()) };
}
