// The picture of a graph: SVG, laid out once for what is visible, then painted at every event.
//
// The cards are hidden from screen readers, which get every number from the outline instead, in order and in words;
// what can be operated, the buttons that open and close pieces, are real controls in a layer of their own.

import { CardShape, PLAIN, STACK, TOGGLE, countOf, rounded, widthOf } from "./cards.js";
import { curveOf } from "./curves.js";
import { makeShape, setAttribute } from "./dom.js";
import { EdgeShape, thinOut } from "./edges.js";
import { fittingTitle, makeToggle, summaryOf } from "./headings.js";
import { TITLE_BAR, layOut } from "./scene.js";
import { Viewport } from "./viewport.js";

const PICTURE_MARGIN = 14;
const BORDERS = 2 * PICTURE_MARGIN + STACK;
const DENSE = 150; // edges: more are drawn fainter, so that cards stand out
const IDLE = Object.freeze({ value: "", grad: "", state: "", tick: false, changed: false, selected: false });
const RESTING = Object.freeze({ state: "", label: "" });

/** The picture of a graph in a host element. */
export class Picture {
  /**
   * @param {HTMLElement} host an element with a height of its own; the picture fills it.
   * @param {{onSelect?: (id: string) => void, onToggle?: (piece: number) => void, onHover?: (id: string|null) => void}}
   *     listeners a card was clicked; a piece is to be opened or closed; the pointer is over a card, or over none.
   */
  constructor(host, { onSelect = () => {}, onToggle = () => {}, onHover = () => {} } = {}) {
    Object.assign(this, { onSelect, onToggle, onHover });
    this.layers = Object.fromEntries(
      ["frames", "edges", "cards", "labels", "buttons"].map((name) => [name, makeShape("g", { class: `al-${name}` })]),
    );
    for (const name of ["frames", "edges", "cards", "labels"]) this.layers[name].setAttribute("aria-hidden", "true");
    const { frames, edges, cards, labels, buttons } = this.layers;
    const moved = { transform: `translate(${PICTURE_MARGIN} ${PICTURE_MARGIN})` };
    this.stage = makeShape("g", moved, frames, edges, cards, labels, buttons);
    this.svg = makeShape("svg", { class: "al-graph" }, this.stage);
    this.viewport = new Viewport(host, this.svg, { onScale: (scale) => this.keepTouchable(scale) });
    this.graph = this.toggled = this.hovered = null;
    this.active = []; // the cards that were brought into sight last, the changed one first
    this.painted = new Set(); // edges that are not at rest
    this.clear();
    this.listen();
  }

  clear() {
    for (const layer of Object.values(this.layers)) layer.replaceChildren();
    this.cards = new Map();
    this.edges = [];
    this.painted.clear();
    this.titles = []; // of frames
    this.where = new Map(); // rectangles of cards and frames
  }

  listen() {
    const idAt = (event) => event.target.closest?.("[data-node]")?.dataset.node ?? null;
    this.svg.addEventListener("click", (event) => idAt(event) !== null && this.onSelect(idAt(event)));
    this.svg.addEventListener("dblclick", (event) => {
      const piece = event.target.closest?.("[data-piece], .al-piece");
      if (piece) this.toggle(Number((piece.dataset.piece ?? piece.dataset.node).slice(1)));
    });
    this.viewport.pane.addEventListener("scroll", () => [this.keepTitles(), this.keepLabels()]);
    this.svg.addEventListener("pointerover", (event) => this.hover(idAt(event)));
    this.svg.addEventListener("pointerleave", () => this.hover(null));
  }

  hover(id) {
    if (id === this.hovered) return;
    this.hovered = id;
    for (const edge of this.edges) edge.showNumber(id !== null && edge.ends.includes(id));
    this.onHover(id);
  }

  toggle(piece) {
    this.toggled = `s${piece}`;
    this.onToggle(piece);
  }

  /**
   * Lays out and draws what is visible. The first picture of a graph is fitted. After that the scale stays once the
   * reader has zoomed, and the piece that was opened or closed stays where it was.
   *
   * @param {Graph} graph
   * @param {object} visible see `Folding.visible`.
   */
  show(graph, visible) {
    const fresh = graph !== this.graph;
    this.graph = graph;
    const anchor = [this.toggled, this.active[0]].find((id) => this.where.has(id));
    const before = anchor && this.viewport.panePoint(middleOf(this.where.get(anchor)));
    const focused = this.svg.getRootNode().activeElement?.getAttribute("data-toggle");
    this.clear();
    this.hover(null);
    this.draw(visible);
    setAttribute(this.viewport.pane, "aria-label", summaryOf(visible));
    if (fresh || this.viewport.fitting) this.viewport.fitTo(!fresh && this.viewport.whole);
    if (fresh) this.viewport.start();
    else if (anchor && this.where.has(anchor)) this.viewport.bring(middleOf(this.where.get(anchor)), before);
    if (![...this.where.values()].some((place) => this.viewport.sight()(middleOf(place)))) this.center(anchor);
    if (focused) this.layers.buttons.querySelector(`[data-toggle="${focused}"]`)?.focus({ preventScroll: true });
    this.toggled = null;
    this.keepTitles();
  }

  /** Whether a picture would be readable in the pane, all of it at once. */
  isReadable(graph, visible) {
    const { width, height } = layOut(graph, visible).scene;
    return this.viewport.hasRoomFor(width + BORDERS, height + BORDERS);
  }

  draw(visible) {
    const { cards, scene } = layOut(this.graph, visible);
    for (const box of visible.boxes) this.drawFrame(box, scene.frames.get(box.id));
    visible.edges.forEach((edge, index) => {
      const [start, ...rest] = scene.curves[index];
      const points = edge.source.startsWith("s") ? [[start[0] + STACK, start[1]], ...rest] : scene.curves[index];
      this.edges.push(new EdgeShape(edge, curveOf(points), this.layers.labels));
    });
    thinOut(this.edges);
    this.layers.edges.classList.toggle("al-dense", this.edges.length > DENSE);
    this.layers.edges.append(...this.edges.map((edge) => edge.element));
    for (const node of visible.nodes) this.drawCard(node, cards.get(node.id), scene.nodes.get(node.id));
    this.viewport.resize(scene.width + BORDERS, scene.height + BORDERS);
  }

  drawCard(node, card, where) {
    const shape = new CardShape(node, card, where);
    this.place(node.id, where);
    this.cards.set(node.id, shape);
    this.layers.cards.append(shape.element);
    if (node.kind !== "piece") return;
    const label = `open ${this.graph.pieces[node.piece].name}, ${countOf(node.operations, "operation")}`;
    this.drawButton(node.piece, label, where.x + where.width - TOGGLE / 2 - 2, where.y + TOGGLE / 2, true);
  }

  drawFrame({ id, piece, name }, where) {
    this.place(id, where);
    const { x, y, width, height } = where;
    const title = fittingTitle(name, width - TOGGLE - 16);
    const full = title === name ? null : makeShape("title", { text: name });
    const bar = { class: "al-title-bar", x, y, width, height: TITLE_BAR - 2, "data-piece": id };
    const text = makeShape("text", { class: "al-title", x: x + TOGGLE + 4, y: y + 18, text: title });
    this.layers.frames.append(
      makeShape("rect", { class: "al-box", "data-frame": id, x, y, width, height, rx: 8, ry: 8 }),
      makeShape("rect", bar, full),
      text,
    );
    const button = this.drawButton(piece, `close ${name}`, x + TOGGLE / 2 + 1, y + TOGGLE / 2 + 1, false);
    const most = Math.max(0, width - TOGGLE - 12 - widthOf(title, PLAIN));
    this.titles.push({ x: x + PICTURE_MARGIN, y: button[1], most, text, button: button[0] });
  }

  /** Moves the names of frames along, so that they can be read while a frame's left part is out of sight. */
  keepTitles() {
    const [left] = this.viewport.contentPoint([0, 0]);
    for (const { x, y, most, text, button } of this.titles) {
      const by = Math.max(0, Math.min(most, rounded(left - x)));
      setAttribute(text, "transform", by ? `translate(${by} 0)` : null);
      setAttribute(button, "transform", `translate(${rounded(x - PICTURE_MARGIN + by + TOGGLE / 2 + 1)} ${y})`);
    }
  }

  drawButton(piece, label, x, y, opens) {
    const button = makeToggle(label, opens, () => this.toggle(piece));
    setAttribute(button, "data-toggle", piece);
    setAttribute(button, "transform", `translate(${rounded(x)} ${rounded(y)})`);
    this.layers.buttons.append(button);
    return [button, rounded(y)];
  }

  /** Keeps the buttons large enough for a finger while the picture is small. */
  keepTouchable(scale) {
    const grown = Math.max(1, Math.min(2, 1 / scale));
    if (grown === this.grown) return;
    this.grown = grown;
    this.svg.style.setProperty("--al-grown", String(rounded(grown)));
  }

  place(id, { x, y, width, height }) {
    this.where.set(id, { x: x + PICTURE_MARGIN, y: y + PICTURE_MARGIN, width, height });
  }

  /**
   * Paints what is happening. Touches only what differs from the last look; what is not mentioned is at rest.
   *
   * @param {{nodes: Map<string, object>, edges: Map<number, {state: string, label: string}>, frame?: string}} look
   *     nodes by id {value, grad, state, tick, changed, selected, progress}: texts; state "", "operand", "forward" (its
   *     value was computed), "seed", "source" (its gradient flows back), "target" (it arrives there) or "update";
   *     changed is true, "value" or "grad"; progress of a piece from 0 to 1, output the numbers that it hands on.
   *     edges by their index in `visible.edges`; state "forward" or "backward", label the derivative;
   *     frame is the id of an open piece that is selected.
   */
  paint(look) {
    for (const [id, card] of this.cards) card.paint(look.nodes.get(id) ?? IDLE);
    for (const index of this.painted) if (!look.edges.has(index)) this.edges[index].paint(RESTING);
    this.painted = new Set(look.edges.keys());
    for (const [index, edge] of look.edges) this.edges[index]?.paint(edge);
    for (const box of this.layers.frames.querySelectorAll(".al-box"))
      setAttribute(box, "data-selected", box.dataset.frame === look.frame);
    this.followActive(look.nodes);
    this.keepLabels();
  }

  keepLabels() {
    if (!this.painted.size) return;
    const isInSight = this.viewport.sight();
    const moved = ([x, y]) => isInSight([x + PICTURE_MARGIN, y + PICTURE_MARGIN]);
    for (const index of this.painted) this.edges[index]?.keepLabel(moved);
  }

  /** Brings what is happening into sight, once: the reader may look elsewhere until something else happens. */
  followActive(nodes) {
    const seen = [...nodes].filter(([id]) => this.where.has(id));
    const changed = seen.filter(([, look]) => look.changed);
    const others = seen.filter(([, look]) => look.state && !look.changed);
    const active = [...changed, ...others].map(([id]) => id);
    const isNew = active.join() !== this.active.join();
    if (changed.length && isNew) this.see(...active);
    this.active = active;
  }

  /** Shows as much as can be read; where that is what is shown already, everything however small. */
  fit() {
    this.viewport.fit();
    this.see(...this.active);
  }

  /** Scrolls a card, or the frame of an open piece, into the middle. */
  center(id) {
    if (this.where.has(id)) this.viewport.center(this.where.get(id));
  }

  /** Scrolls to cards if they are not in sight; to the first if there is no room for all. */
  see(...ids) {
    const found = ids.filter((id) => this.where.has(id));
    if (found.length) this.viewport.see(found.map((id) => this.where.get(id)));
  }

  /** Multiplies the scale. */
  zoomBy(factor) {
    this.viewport.zoomBy(factor);
  }

  /** Leaves the page. */
  destroy() {
    this.viewport.destroy();
  }
}

const middleOf = ({ x, y, width, height }) => [x + width / 2, y + height / 2];
