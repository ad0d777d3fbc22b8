// An edge on the page: a curve with a head, the derivative printed on it while a gradient flows back through it.

import { MONOSPACE, rounded, widthOf } from "./cards.js";
import { makeShape, setAttribute, setText } from "./dom.js";

const PLATE = 16; // height of the plate under a label
const SMALLER = 10 / 11; // its letters are 10 px high
const CLOSE = [44, 42]; // labels that are closer than this, in both directions, crowd

/** An edge: drawn once, painted again and again. */
export class EdgeShape {
  /**
   * @param {object} edge see `Folding.visible`.
   * @param {object} curve see `curveOf`.
   * @param {SVGGElement} labels the layer for labels, above the cards.
   */
  constructor(edge, curve, labels) {
    this.curve = curve;
    this.ends = [edge.source, edge.target];
    this.labels = labels;
    this.label = null;
    this.look = {};
    [this.place] = curve.labels;
    this.line = makeShape("path", { class: "al-line", d: curve.forward });
    this.head = makeShape("path", { class: "al-head", d: curve.forwardHead });
    const name = `${edge.source} ${edge.target} ${edge.position ?? "-"}`;
    this.element = makeShape("g", { class: "al-edge", "data-edge": name }, this.line, this.head);
    this.count = edge.count > 1 ? `×${edge.count.toLocaleString("en")}` : "";
    this.print(this.count);
  }

  /** Shows a look, {state: ""|"forward"|"backward", label}; backward, the head is at the operand. */
  paint(look) {
    const old = this.look;
    this.look = look;
    if (look.state !== old.state) {
      const way = look.state === "backward" ? "backward" : "forward";
      setAttribute(this.element, "data-state", look.state || null);
      setAttribute(this.line, "d", this.curve[way]);
      setAttribute(this.head, "d", this.curve[`${way}Head`]);
      if (look.state) this.element.parentNode?.append(this.element); // above the others
    }
    if (look.label !== old.label || look.state !== old.state) this.print(look.label || this.count, look.state);
  }

  /** Puts the label where it can be seen: near the edge's end, or if only its start is in sight, there. */
  keepLabel(isInSight) {
    const [end, start] = this.curve.labels;
    const place = !isInSight(end) && isInSight(start) ? start : end;
    if (place === this.place) return;
    this.place = place;
    if (this.label) this.print(this.text.textContent, this.look.state);
  }

  /** Shows the number of a bundle even where others are close: the pointer is over a card at its end. */
  showNumber(shown) {
    if (this.label) setAttribute(this.label, "data-near", shown);
  }

  print(text, state = "") {
    if (!text && !this.label) return;
    if (!this.label) {
      this.plate = makeShape("rect", { class: "al-plate", height: PLATE, rx: 4 });
      this.text = makeShape("text", { "text-anchor": "middle" });
      this.label = makeShape("g", { class: "al-label" }, this.plate, this.text);
      this.labels.append(this.label);
    }
    const [x, y] = this.place;
    const width = widthOf(text, MONOSPACE) * SMALLER + 8;
    setText(this.text, text);
    setAttribute(this.text, "x", rounded(x));
    setAttribute(this.text, "y", rounded(y + 3.5));
    setAttribute(this.plate, "x", rounded(x - width / 2));
    setAttribute(this.plate, "y", rounded(y - PLATE / 2));
    setAttribute(this.plate, "width", rounded(width));
    setAttribute(this.label, "data-state", text ? state || null : "empty");
  }
}

/** Hides numbers at rest that others are close to; see `EdgeShape.showNumber`. */
export function thinOut(edges) {
  const kept = [];
  for (const { label, place } of edges) {
    if (!label) continue;
    const crowded = kept.some(([x, y]) => Math.abs(x - place[0]) < CLOSE[0] && Math.abs(y - place[1]) < CLOSE[1]);
    setAttribute(label, "data-crowded", crowded);
    if (!crowded) kept.push(place);
  }
}
