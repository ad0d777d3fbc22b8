// What a card says, how much room it takes, and its drawing. Room is fixed before any number is known, so that stepping
// never moves anything: four digits with sign and exponent fit.

import { makeShape, setAttribute, setText } from "./dom.js";
import { WIDEST_OUTPUT, outputOf } from "./outputs.js";
import { pathOfPiece } from "./search.js";

const HEADER = 22; // height of the first line
const ROW = 15; // height of each further line
const FAMILY = '"Segoe UI", "Helvetica Neue", Arial, sans-serif'; // as in picture.css
export const HEADLINE = `700 13px system-ui, ${FAMILY}`;
export const PLAIN = `600 11px system-ui, ${FAMILY}`;
export const MONOSPACE = '11px ui-monospace, "DejaVu Sans Mono", Menlo, Consolas, monospace';
const NARROWEST = 132; // "value" and "-1.234e-308" side by side
const NARROWEST_PIECE = 96;
const TICK = 18; // room for the tick
const OUTPUT = 46; // room for the word "output"
export const TOGGLE = 24; // side of the button that opens or closes a piece
export const STACK = 6; // how far the cards behind a closed piece stick out

const SHOWN_SIGNS = { "*": "×", "-": "−", "/": "÷" };
const WIDE =
  /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\uff00-\uff60\u{1f300}-\u{1faff}\u{20000}-\u{3fffd}]/u;

/** Returns how many columns a text takes: two for wide characters, none for combining ones. */
export function columnsOf(text) {
  let columns = 0;
  for (const character of text) columns += /\p{M}/u.test(character) ? 0 : WIDE.test(character) ? 2 : 1;
  return columns;
}

const RULER = {}; // a canvas that measures text, made when it is first needed

/** Returns how wide a text is in a font, which is not the same on every system. */
export function widthOf(text, font) {
  RULER.context ??= document.createElement("canvas").getContext("2d");
  RULER.context.font = font;
  return Math.ceil(RULER.context.measureText(text).width);
}

/** Returns a text cut to `limit` columns, with an ellipsis if something is missing. */
export function shortened(text, limit = 18) {
  if (columnsOf(text) <= limit) return text;
  let [cut, columns] = ["", 0];
  for (const character of text) {
    columns += columnsOf(character);
    if (columns > limit - 1) break;
    cut += character;
  }
  return `${cut}…`;
}

/** Returns a text cut to `limit` columns in its middle: both ends of a formula tell it from others. */
export function cutInside(text, limit = 24) {
  if (columnsOf(text) <= limit) return text;
  const characters = [...text], kept = [[], []];
  let columns = 1; // the ellipsis
  for (let turn = 0; columns < limit; turn += 1) {
    const character = turn % 2 ? characters.pop() : characters.shift();
    columns += columnsOf(character);
    if (columns <= limit) kept[turn % 2].push(character);
  }
  return `${kept[0].join("")}…${kept[1].reverse().join("")}`;
}

/**
 * Returns what the card of a visible node says, and its size.
 *
 * @param {Graph} graph
 * @param {object} node see `Folding.visible`.
 * @returns {{sign: string, name: string, given: boolean, rows: string[], width: number, height: number}} `given` is
 *     whether the name is the user's; `rows` are the labels of the rows.
 */
export function cardOf(graph, node) {
  if (node.kind === "constant") return constantCard(graph.name(node.line), graph.isShared);
  const [sign, name, given] = headlineOf(graph, node);
  const output = node.kind === "piece" ? outputOf(graph, node.piece) : -1;
  const operations = node.operations ? countOf(node.operations, "operation") : "nothing to compute";
  const inside = [output < 0 ? operations : ""];
  const rows = { piece: inside, rest: inside }[node.kind] ?? ["value", "grad"];
  const side = node.kind === "piece" ? TOGGLE - 4 : node.kind === "rest" && !node.isRoot ? 0 : TICK;
  const header = widthOf(sign + name, HEADLINE) + (sign && name ? 8 : 0) + side + (node.isRoot ? OUTPUT : 0);
  const progress = node.kind === "piece" ? widthOf(`${node.operations} of ${node.operations} done`, PLAIN) + TICK : 0;
  const handed = output < 0 ? widthOf(rows[0], PLAIN) : widthOf(WIDEST_OUTPUT, MONOSPACE);
  const width = Math.max(header, progress, handed) + 20;
  const height = HEADER + 2 * ROW + 6 - (node.kind === "rest" ? ROW : 0);
  const least = node.kind === "piece" ? NARROWEST_PIECE : NARROWEST;
  const full = node.kind === "piece" ? graph.pieces[node.piece].name : "";
  return { sign, name, given, rows, width: Math.max(least, width), height, full: full === name ? "" : full };
}

/** Chapters that share a graph may have other numbers in it: then there is room for any. */
function constantCard(text, isShared) {
  const name = shortened(text);
  const width = Math.max(44, widthOf(isShared ? "-1.234e-308" : name, MONOSPACE) + (isShared ? 8 : 20));
  return { sign: "", name, given: false, rows: [], width, height: HEADER + 2 };
}

function headlineOf(graph, node) {
  if (node.kind === "rest") return ["…", `${node.lines.toLocaleString("en")} ${node.id}`, true];
  if (node.kind === "piece") return ["", cutInside(graph.pieces[node.piece].name), true];
  const rule = graph.rule(node.line);
  const given = graph.givenName(node.line);
  const sign = rule ? (SHOWN_SIGNS[rule.sign] ?? rule.sign) : "";
  const name = given ? insideOf(graph, graph.home(node.line), given) : graph.name(node.line);
  return [shortened(sign), shortened(name), Boolean(given)];
}

/** Returns a name without what the frames around it say: "layer0.neuron2.w1" is "w1" in mlp's layer0's neuron2. */
export function insideOf(graph, home, name) {
  const parts = name.split(".");
  const path = home < 0 ? "" : `.${pathOfPiece(graph, home)}`;
  for (let start = parts.length - 1; start > 0; start--)
    if (parts.at(-1) && path.endsWith(`.${parts.slice(0, start).join(".")}`)) return parts.slice(start).join(".");
  return name;
}

/** Returns "1 operation" or "1,234 operations". */
export function countOf(count, what) {
  return `${count.toLocaleString("en")} ${what}${count === 1 ? "" : "s"}`;
}

/** A card on the page: drawn once, painted again and again. */
export class CardShape {
  /**
   * @param {object} node see `Folding.visible`.
   * @param {object} card see `cardOf`.
   * @param {{x: number, y: number, width: number, height: number}} where
   */
  constructor(node, card, where) {
    this.look = {};
    this.element = makeShape("g", {
      class: `al-card al-${node.kind}${node.isRoot ? " al-output" : ""}`,
      "data-node": node.id,
      transform: `translate(${rounded(where.x)} ${rounded(where.y)})`,
    });
    this.width = card.width;
    this.unpainted = node.kind === "constant" ? card.name : ""; // where a look has no value
    this.draw(node, card);
  }

  draw(node, { sign, name, given, rows, width, height, full }) {
    if (full) this.element.append(makeShape("title", { text: full }));
    const body = (by, className) =>
      makeShape("rect", { class: className, x: by, y: by, width, height, rx: 6, ry: 6 });
    if (node.kind === "piece") this.element.append(body(STACK, "al-behind"), body(STACK / 2, "al-behind"));
    const ring = { class: "al-ring", x: -5, y: -5, width: width + 10, height: height + 10, rx: 10 };
    this.element.append(makeShape("rect", ring), body(0, "al-body"));
    if (node.kind === "leaf") this.add("rect", { class: "al-bar", x: 0, y: 5, width: 4, height: height - 10 });
    if (node.kind === "constant") {
      this.value = this.text(width / 2, 16, name, "al-figure al-quiet", "middle");
      return;
    }
    const header = this.text(10, 16, "", "al-name");
    if (sign) header.append(makeShape("tspan", { class: "al-sign", text: sign }));
    const spaced = { class: given ? null : "al-quiet al-number-name", dx: sign ? 7 : null, text: name };
    if (name) header.append(makeShape("tspan", spaced));
    const room = node.kind === "piece" ? TOGGLE : TICK;
    if (node.isRoot) this.text(width - room - 8, 16, "output", "al-quiet al-small", "end");
    this.tick = this.add("path", { class: "al-tick", d: `M${width - 20} 12l3.5 3.5l6.5 -7` });
    rows.forEach((label, i) => this.text(10, HEADER + ROW * i + 10, label, "al-quiet"));
    this.rows(node, width, height);
  }

  rows(node, width, height) {
    if (node.kind === "rest") return;
    if (node.kind === "piece") {
      this.output = this.text(10, HEADER + 10, "", "al-figure al-out");
      this.value = this.text(10, HEADER + ROW + 9, "", "al-value");
      this.progress = this.add("rect", { class: "al-progress", x: 1, y: height - 4, width: 0, height: 3 });
      setAttribute(this.tick, "d", `M${width - 20} ${HEADER + ROW + 5}l3.5 3.5l6.5 -7`);
      return;
    }
    this.value = this.text(width - 9, HEADER + 10, "", "al-figure al-value", "end");
    this.grad = this.text(width - 9, HEADER + ROW + 10, "", "al-figure al-grad", "end");
  }

  add(tag, attributes) {
    const shape = makeShape(tag, attributes);
    this.element.append(shape);
    return shape;
  }

  text(x, y, text, className, anchor = null) {
    return this.add("text", { x, y, class: className, "text-anchor": anchor, text });
  }

  /** Shows a look: only what differs from the last one is touched. See `Picture.paint`. */
  paint(look) {
    const old = this.look;
    this.look = look;
    if (this.value && look.value !== old.value) setText(this.value, look.value || this.unpainted);
    if (this.output && look.output !== old.output) setText(this.output, look.output ?? "");
    if (this.grad && look.grad !== old.grad) setText(this.grad, look.grad ?? "");
    if (this.progress && look.progress !== old.progress)
      setAttribute(this.progress, "width", rounded((look.progress ?? 0) * (this.width - 2)));
    if (look.state !== old.state) setAttribute(this.element, "data-state", look.state || null);
    if (look.tick !== old.tick) setAttribute(this.element, "data-tick", Boolean(look.tick));
    if (look.selected !== old.selected) setAttribute(this.element, "data-selected", Boolean(look.selected));
    if (look.changed !== old.changed || look.state !== old.state)
      setAttribute(this.element, "data-changed", look.changed ? changedRow(look) : null);
  }
}

/** Which of a card's two numbers an event changed: the one that was said, or the one that events of its kind change. */
function changedRow({ changed, state }) {
  if (changed === "value" || changed === "grad") return changed;
  return state === "target" || state === "seed" ? "grad" : "value";
}

/** Returns a coordinate: a tenth of a pixel is enough. */
export function rounded(number) {
  return Math.round(number * 10) / 10;
}
