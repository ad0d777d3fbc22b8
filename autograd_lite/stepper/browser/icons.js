// Icons drawn by us: a bare system has no font with media controls.

import { makeShape } from "./dom.js";

const PATHS = {
  first: "M6 5v14M19 5l-9 7 9 7z",
  previous: "M17 5l-10 7 10 7z",
  play: "M8 5l11 7-11 7z",
  pause: "M8 5v14M16 5v14",
  next: "M7 5l10 7-10 7z",
  last: "M18 5v14M5 5l9 7-9 7z",
  over: "M4 15a8 8 0 0 1 15-3M19 6v6h-6",
  fit: "M4 9V4h5M20 9V4h-5M4 15v5h5M20 15v5h-5",
  focus: "M12 9a3 3 0 1 0 0 6a3 3 0 1 0 0-6M12 3v3M12 18v3M3 12h3M18 12h3",
  closer: "M12 5v14M5 12h14",
  farther: "M5 12h14",
  theme: "M12 4a8 8 0 1 0 0 16z",
  help: "M9 9a3 3 0 1 1 4.5 2.6c-1 .6-1.5 1.2-1.5 2.4M12 18v.5",
  left: "M15 5l-7 7 7 7",
  right: "M9 5l7 7-7 7",
};
const FILLED = new Set(["first", "previous", "play", "next", "last"]);

/** Returns an icon; it says nothing to a screen reader, as its button has a label. */
export function makeIcon(name) {
  const path = makeShape("path", { d: PATHS[name], fill: FILLED.has(name) ? "currentColor" : "none" });
  const attributes = { class: "al-icon", viewBox: "0 0 24 24", width: 18, height: 18, "aria-hidden": "true" };
  const icon = makeShape("svg", attributes, path);
  if (name === "theme") icon.append(makeShape("circle", { cx: 12, cy: 12, r: 8, fill: "none" }));
  return icon;
}

/** Gives a button another icon. */
export function swapIcon(button, name) {
  if (button.dataset.icon === name) return;
  button.dataset.icon = name;
  button.querySelector("svg").replaceWith(makeIcon(name));
}
