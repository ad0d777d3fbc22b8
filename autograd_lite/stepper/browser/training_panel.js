// Training: the curves with a cursor at the chapter, and what the model answers all over the plane.

import { createMemo, make, makePanel, makeShape, setAttribute, setText } from "./dom.js";
import { figure, numberOf } from "./numbers.js";
import { createPlane } from "./panel_plane.js";

const [CURVE_WIDTH, CURVE_HEIGHT] = [230, 96];
const ROOM = { left: 64, right: 8, top: 8, bottom: 18 };

/** Returns the panel of a training run; hidden where a story has neither curves nor a plane. */
export function createTrainingPanel({ session }) {
  const { story } = session.track;
  const panel = makePanel("Training", { className: "al-training" });
  const curves = (story.curves ?? []).map((curve) => createCurve(session, curve));
  const plane = story.plane ? createPlane(session) : null;
  panel.element.hidden = curves.length === 0 && plane === null;
  if (plane) panel.body.append(plane.element);
  panel.body.append(make("div", { class: "al-curves" }, ...curves.map((curve) => curve.element)));
  const memo = createMemo();
  const update = () => {
    const { chapterIndex, chapter } = session.player;
    if (panel.element.hidden || !memo(chapterIndex, session.theme)) return;
    setText(panel.note, chapter.title);
    for (const curve of curves) curve.update(chapterIndex);
    plane?.update(chapterIndex);
  };
  return { element: panel.element, update };
}

function createCurve(session, curve) {
  const values = curve.values.map((value) => (value === null ? NaN : numberOf(value)));
  const { x, y, low, high } = scales(values);
  const points = values.map((value, i) => (Number.isFinite(value) ? `${x(i).toFixed(1)},${y(value).toFixed(1)}` : ""));
  const line = makeShape("polyline", { class: "al-curve-line", points: points.filter(Boolean).join(" ") });
  const cursor = makeShape("line", { class: "al-curve-cursor", y1: ROOM.top, y2: CURVE_HEIGHT - ROOM.bottom });
  const dot = makeShape("circle", { class: "al-curve-dot", r: 4 });
  const graphic = makeShape(
    "svg",
    { class: "al-curve", viewBox: `0 0 ${CURVE_WIDTH} ${CURVE_HEIGHT}`, role: "img" },
    ...axes(x, y, low, high, values.length),
    line,
    cursor,
    dot,
  );
  graphic.addEventListener("click", (event) => {
    const box = graphic.getBoundingClientRect();
    const at =
      (((event.clientX - box.left) / box.width) * CURVE_WIDTH - ROOM.left) / (CURVE_WIDTH - ROOM.left - ROOM.right);
    session.toChapter(Math.round(at * Math.max(1, values.length - 1)));
  });
  const caption = make("figcaption");
  const element = make("figure", { class: "al-drawing" }, graphic, caption);
  const update = (chapter) => {
    const value = values[chapter];
    const there = Number.isFinite(value);
    setText(caption, `${curve.name} ${value === undefined || Number.isNaN(value) ? "unknown" : figure(value)}`);
    graphic.setAttribute(
      "aria-label",
      `${curve.name} over ${values.length} chapters: ${figure(values[0])} to ${figure(values.at(-1))}`,
    );
    setAttribute(cursor, "x1", x(chapter));
    setAttribute(cursor, "x2", x(chapter));
    setAttribute(dot, "cx", x(chapter));
    setAttribute(dot, "cy", there ? y(value) : -10);
  };
  return { element, update };
}

function scales(values) {
  const finite = values.filter(Number.isFinite);
  let [low, high] = finite.length ? [Math.min(...finite), Math.max(...finite)] : [0, 1];
  if (low > 0 && low < high / 2) low = 0;
  if (low === high) [low, high] = low ? [Math.min(0, 2 * low), Math.max(0, 2 * low)] : [0, 1];
  const x = (i) => ROOM.left + (i / Math.max(1, values.length - 1)) * (CURVE_WIDTH - ROOM.left - ROOM.right);
  const y = (value) =>
    CURVE_HEIGHT - ROOM.bottom - ((value - low) / (high - low)) * (CURVE_HEIGHT - ROOM.top - ROOM.bottom);
  return { x, y, low, high };
}

function axes(x, y, low, high, count) {
  const label = (text, left, top, anchor) =>
    makeShape("text", { x: left, y: top, class: "al-axis", "text-anchor": anchor, text });
  const grid = (value) =>
    makeShape("line", { class: "al-grid", x1: ROOM.left, x2: CURVE_WIDTH - ROOM.right, y1: y(value), y2: y(value) });
  return [
    grid(low),
    grid(high),
    label(figure(high), ROOM.left - 6, y(high) + 4, "end"),
    label(figure(low), ROOM.left - 6, y(low) + 4, "end"),
    label("1", x(0), CURVE_HEIGHT - 5, "start"),
    label(String(count), x(count - 1), CURVE_HEIGHT - 5, "end"),
  ];
}
