// The heading of a frame, and the button that opens or closes a piece.

import { PLAIN, TOGGLE, countOf, cutInside, widthOf } from "./cards.js";
import { makeShape } from "./dom.js";

/** Returns as much of a frame's name as there is room for. */
export function fittingTitle(name, room) {
  let limit = Math.max(3, Math.floor(room / 5));
  while (limit > 3 && widthOf(cutInside(name, limit), PLAIN) > room) limit -= 1;
  return cutInside(name, limit);
}

/**
 * Returns a button around the origin, for mouse, finger and keyboard.
 *
 * @param {string} label what it does, for screen readers.
 * @param {boolean} opens whether it opens a piece or closes it.
 * @param {() => void} onPress
 */
export function makeToggle(label, opens, onPress) {
  const name = { role: "button", tabindex: "0", "aria-label": label, "aria-expanded": String(!opens) };
  const hit = { class: "al-hit", x: -TOGGLE / 2, y: -TOGGLE / 2, width: TOGGLE, height: TOGGLE };
  const button = makeShape(
    "g",
    { class: "al-toggle", ...name },
    makeShape("rect", hit),
    makeShape("rect", { class: "al-sign-box", x: -7, y: -7, width: 14, height: 14, rx: 3 }),
    makeShape("path", { class: "al-sign-line", d: opens ? "M-3.5 0h7M0 -3.5v7" : "M-3.5 0h7" }),
  );
  const press = (event) => {
    event.stopPropagation(); // or Space would play, too
    event.preventDefault();
    onPress();
  };
  button.addEventListener("click", press);
  button.addEventListener("dblclick", (event) => event.stopPropagation());
  button.addEventListener("keydown", (event) => (event.key === "Enter" || event.key === " ") && press(event));
  return button;
}

/** Returns in words how much there is to be seen. */
export function summaryOf({ nodes, edges }) {
  const size = `${countOf(nodes.length, "card")}, ${countOf(edges.length, "arrow")}`;
  return `Picture of the graph: ${size}. The outline lists all values.`;
}
