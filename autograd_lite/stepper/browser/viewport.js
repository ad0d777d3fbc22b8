// A pane that scrolls: panning, zooming and fitting what is in it. It scrolls as every pane does, so a wheel that turns
// over a picture that fits goes on to the page, and never gets caught.

import { make, setAttribute } from "./dom.js";

const SMALLEST = 0.05;
const LARGEST = 4;
const FITTED = 1.25; // a small picture is not blown up further
const READABLE = 0.7; // a fit shows a part rather than small text, unless asked twice
const BARELY = 0.55; // but if this much smaller shows all, all is better
const COMFORTABLE = 0.6; // pieces are opened at first only while all is seen at this scale
const UNKNOWN_ROOM = { width: 780, height: 400 }; // of a pane that is not on the page yet
const CLEAR = 24; // what is in sight keeps this distance from the pane's edge
const FIT_MARGIN = 8;
const OPERABLE = "[data-node], [data-piece], [role=button]"; // a press on these does not pan

/** A pane around one SVG element, whose scale and scroll position are the view. */
export class Viewport {
  /**
   * @param {HTMLElement} host an element with a height of its own.
   * @param {SVGSVGElement} content
   * @param {{onScale?: (scale: number) => void}} listeners
   */
  constructor(host, content, { onScale = () => {} } = {}) {
    this.content = content;
    this.onScale = onScale;
    this.size = { width: 0, height: 0 };
    this.scale = 1;
    this.fitting = true; // until the reader zooms, a new room is fitted again
    this.whole = false;
    this.settled = false;
    this.pinch = this.drag = null;
    this.pane = make("div", { class: "al-picture", tabindex: "0", role: "group" }, content);
    const { pane } = this;
    pane.addEventListener("wheel", (event) => this.wheel(event), { passive: false });
    pane.addEventListener("pointerdown", (event) => this.press(event));
    pane.addEventListener("pointermove", (event) => this.move(event));
    for (const kind of ["pointerup", "pointercancel"]) pane.addEventListener(kind, () => this.release());
    for (const kind of ["touchstart", "touchmove", "touchend"])
      pane.addEventListener(kind, (event) => this.touch(event), { passive: false });
    this.observer = new ResizeObserver(() => this.resized());
    this.observer.observe(pane);
    host.append(pane);
  }

  /** Says how large the content is at scale 1. */
  resize(width, height) {
    this.size = { width, height };
    setAttribute(this.content, "viewBox", `0 0 ${width} ${height}`);
    this.applyScale(this.scale);
  }

  /** Shows as much as can be read; where that is what is shown already, everything however small. */
  fit() {
    this.fitTo(this.fitting && !this.whole);
    this.start();
  }

  /** Scrolls to where reading starts: the left, and there the middle. */
  start() {
    this.settled = this.pane.clientWidth > 0; // else it is not on the page yet
    this.pane.scrollLeft = 0;
    this.pane.scrollTop = (this.pane.scrollHeight - this.pane.clientHeight) / 2;
  }

  resized() {
    if (this.fitting) this.fitTo(this.whole);
    if (!this.settled) this.start();
  }

  fitTo(whole) {
    Object.assign(this, { fitting: true, whole });
    const scale = this.scaleToFit();
    this.applyScale(whole || scale >= BARELY ? scale : READABLE);
  }

  scaleToFit() {
    const [width, height] = [this.pane.clientWidth - 2 * FIT_MARGIN, this.pane.clientHeight - 2 * FIT_MARGIN];
    if (width <= 0 || height <= 0 || !this.size.width) return 1; // not on the page yet
    return Math.max(SMALLEST, Math.min(FITTED, width / this.size.width, height / this.size.height));
  }

  /** Whether a picture of this size would be shown whole, and readable. */
  hasRoomFor(width, height) {
    const { clientWidth, clientHeight } = this.pane;
    const room = [clientWidth || UNKNOWN_ROOM.width, Math.max(clientHeight, UNKNOWN_ROOM.height)];
    return Math.min((room[0] - 2 * FIT_MARGIN) / width, (room[1] - 2 * FIT_MARGIN) / height) >= COMFORTABLE;
  }

  /** Multiplies the scale; what is at a point of the pane stays there, the middle if none is given. */
  zoomBy(factor, at = [this.pane.clientWidth / 2, this.pane.clientHeight / 2]) {
    const before = this.contentPoint(at);
    this.fitting = false;
    this.applyScale(Math.max(SMALLEST, Math.min(LARGEST, this.scale * factor)));
    this.bring(before, at);
  }

  applyScale(scale) {
    this.scale = scale;
    this.content.style.width = `${this.size.width * scale}px`;
    this.content.style.height = `${this.size.height * scale}px`;
    this.onScale(scale);
  }

  /** Scrolls so that a rectangle of the content is in the middle. */
  center({ x, y, width, height }) {
    this.bring([x + width / 2, y + height / 2], [this.pane.clientWidth / 2, this.pane.clientHeight / 2]);
  }

  /** Scrolls only if some of these are not in sight: to the middle of all if there is room, else of the first. */
  see(rectangles) {
    const all = around(rectangles);
    const [left, top] = this.panePoint([all.x, all.y]);
    const [right, bottom] = this.panePoint([all.x + all.width, all.y + all.height]);
    const [width, height] = [this.pane.clientWidth - CLEAR, this.pane.clientHeight - CLEAR];
    const tooLarge = right - left > width - CLEAR || bottom - top > height - CLEAR;
    if (tooLarge && rectangles.length > 1) this.see(rectangles.slice(0, 1));
    else if (left < CLEAR || top < CLEAR || right > width || bottom > height) this.center(all);
  }

  /** Scrolls so that a point of the content is at a point of the pane, as far as there is anything to scroll. */
  bring(point, at) {
    const [x, y] = this.panePoint(point);
    this.pane.scrollLeft += x - at[0];
    this.pane.scrollTop += y - at[1];
  }

  /** Returns a function that says whether a point of the content can be seen now. */
  sight() {
    const [left, top] = this.contentPoint([CLEAR, CLEAR]);
    const [right, bottom] = this.contentPoint([this.pane.clientWidth - CLEAR, this.pane.clientHeight - CLEAR]);
    return ([x, y]) => x > left && x < right && y > top && y < bottom;
  }

  /** Returns where in the pane a point of the content is. */
  panePoint([x, y]) {
    const [left, top] = this.corner();
    return [left + x * this.scale, top + y * this.scale];
  }

  contentPoint([x, y]) {
    const [left, top] = this.corner();
    return [(x - left) / this.scale, (y - top) / this.scale];
  }

  corner() {
    const [inner, outer] = [this.content.getBoundingClientRect(), this.pane.getBoundingClientRect()];
    return [inner.left - outer.left - this.pane.clientLeft, inner.top - outer.top - this.pane.clientTop];
  }

  wheel(event) {
    if (!event.ctrlKey && !event.metaKey) return; // the pane scrolls, or the page does
    event.preventDefault();
    const pixels = event.deltaMode === WheelEvent.DOM_DELTA_LINE ? event.deltaY * 16 : event.deltaY;
    this.zoomBy(Math.exp(-Math.max(-60, Math.min(60, pixels)) / 200), this.eventPoint(event));
  }

  eventPoint({ clientX, clientY }) {
    const { left, top } = this.pane.getBoundingClientRect();
    return [clientX - left, clientY - top];
  }

  press(event) {
    if (event.pointerType === "touch" || event.button !== 0 || event.target.closest(OPERABLE)) return;
    const [x, y] = this.eventPoint(event);
    if (x >= this.pane.clientWidth || y >= this.pane.clientHeight) return; // a scroll bar
    this.drag = [event.clientX, event.clientY];
    this.pane.setPointerCapture(event.pointerId);
    this.pane.classList.add("al-dragging");
  }

  move(event) {
    if (!this.drag) return;
    this.pane.scrollLeft -= event.clientX - this.drag[0];
    this.pane.scrollTop -= event.clientY - this.drag[1];
    this.drag = [event.clientX, event.clientY];
  }

  release() {
    this.drag = null;
    this.pane.classList.remove("al-dragging");
  }

  /** Two fingers zoom; one scrolls, which the browser does. */
  touch(event) {
    if (event.touches.length !== 2) {
      this.pinch = null;
      return;
    }
    event.preventDefault();
    const [one, other] = event.touches;
    const spread = Math.hypot(one.clientX - other.clientX, one.clientY - other.clientY);
    const middle = { clientX: (one.clientX + other.clientX) / 2, clientY: (one.clientY + other.clientY) / 2 };
    if (this.pinch && spread) this.zoomBy(spread / this.pinch, this.eventPoint(middle));
    this.pinch = spread;
  }

  /** Leaves the page. */
  destroy() {
    this.observer.disconnect();
    this.pane.remove();
  }
}

function around(rectangles) {
  const [x, y] = ["x", "y"].map((side) => Math.min(...rectangles.map((rectangle) => rectangle[side])));
  const right = Math.max(...rectangles.map((rectangle) => rectangle.x + rectangle.width));
  const bottom = Math.max(...rectangles.map((rectangle) => rectangle.y + rectangle.height));
  return { x, y, width: right - x, height: bottom - y };
}
