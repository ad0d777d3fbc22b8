// The plane of two-dimensional data: one colour per label, the decision boundary where the score changes its sign.

import { make } from "./dom.js";
import { figure, numberOf } from "./numbers.js";

const SIZE = 300;
const SHAPES = ["circle", "square", "triangle", "diamond", "cross"]; // so that a label is not told by colour alone

/** Returns the plane of a story; `update(chapter)` paints the scores of that chapter, or the last ones before. */
export function createPlane(session) {
  const { plane } = session.track.story;
  const scale = Math.min(2, globalThis.devicePixelRatio || 1);
  const canvas = make("canvas", { class: "al-plane", width: SIZE * scale, height: SIZE * scale, role: "img" });
  const legend = make("figcaption", {}, ...plane.labels.map((label, i) => key(label, i)));
  const element = make("figure", { class: "al-drawing al-plane-box" }, canvas, legend);
  const update = (chapter) => {
    const scores = scoresAt(plane, chapter);
    const style = getComputedStyle(element);
    const colours = ["--al-plane-0", "--al-plane-1", "--al-plane-2", "--al-plane-3", "--al-plane-4"].map((name) =>
      style.getPropertyValue(name).trim(),
    );
    const context = canvas.getContext("2d");
    context.setTransform(scale, 0, 0, scale, 0, 0);
    context.clearRect(0, 0, SIZE, SIZE);
    if (scores) {
      const labels = scores.map((score) => labelOfScore(plane, numberOf(score)));
      paintScores(context, plane, labels, scores, colours);
      context.beginPath();
      if (plane.classes) paintSteps(context, plane, labels);
      else paintZero(context, plane, scores);
      context.strokeStyle = style.getPropertyValue("--al-ink").trim();
      context.lineWidth = 1.5;
      context.stroke();
    }
    paintPoints(context, plane, colours, style.getPropertyValue("--al-paper").trim());
    canvas.setAttribute("aria-label", inWords(plane, scores));
  };
  return { element, update };
}

function key(label, index) {
  return make(
    "span",
    { class: `al-key al-key-${index % 5}` },
    make("span", { class: "al-key-shape", text: "●■▲◆✚"[index % 5] }),
    label,
  );
}

function labelOfScore(plane, score) {
  if (Number.isNaN(score)) return null;
  return plane.classes ? score : Number(score > 0);
}

function scoresAt(plane, chapter) {
  for (let at = chapter; at >= 0; at -= 1) if (plane.scores[at]) return plane.scores[at];
  return null;
}

/** Paints one dot a cell, and blows them up: the browser blends between them. */
function paintScores(context, plane, labels, scores, colours) {
  const { columns, rows } = plane;
  const small = make("canvas", { width: columns, height: rows });
  const dots = small.getContext("2d");
  const most = plane.classes ? 1 : Math.max(1e-12, ...scores.map((score) => Math.abs(numberOf(score)) || 0));
  labels.forEach((label, i) => {
    if (label === null) return;
    dots.globalAlpha = plane.classes ? 0.32 : 0.16 + 0.34 * Math.min(1, Math.abs(numberOf(scores[i])) / most);
    dots.fillStyle = colours[label % 5];
    dots.fillRect(i % columns, rows - 1 - Math.floor(i / columns), 1, 1);
  });
  context.drawImage(small, 0, 0, SIZE, SIZE);
}

/** Draws a line between cells of different labels. */
function paintSteps(context, { columns, rows }, labels) {
  const [wide, high] = [SIZE / columns, SIZE / rows];
  labels.forEach((label, i) => {
    const [column, row] = [i % columns, Math.floor(i / columns)];
    const [x, y] = [column * wide, SIZE - row * high];
    if (column > 0 && labels[i - 1] !== label) context.rect(x, y - high, 0, high);
    if (row > 0 && labels[i - columns] !== label) context.rect(x, y, wide, 0);
  });
}

/** Draws where the score is 0, interpolated between the middles of cells. */
function paintZero(context, { columns, rows }, scores) {
  const [wide, high] = [SIZE / columns, SIZE / rows];
  const numbers = scores.map(numberOf);
  const at = (column, row) => numbers[row * columns + column];
  const place = ([column, row]) => [(column + 0.5) * wide, SIZE - (row + 0.5) * high];
  for (let row = 0; row + 1 < rows; row += 1) {
    for (let column = 0; column + 1 < columns; column += 1) {
      const corners = [
        [0, 0],
        [1, 0],
        [1, 1],
        [0, 1],
      ].map(([right, up]) => [column + right, row + up]);
      const crossings = corners.flatMap((corner, i) => {
        const next = corners[(i + 1) % 4];
        const [here, there] = [at(...corner), at(...next)];
        if (here > 0 === there > 0 || Number.isNaN(here + there)) return [];
        const share = here / (here - there);
        const [[x, y], [u, v]] = [place(corner), place(next)];
        return [[x + share * (u - x), y + share * (v - y)]];
      });
      for (let i = 0; i + 1 < crossings.length; i += 2) {
        context.moveTo(...crossings[i]);
        context.lineTo(...crossings[i + 1]);
      }
    }
  }
}

function paintPoints(context, plane, colours, paper) {
  const across = (value) => ((value - plane.x[0]) / (plane.x[1] - plane.x[0])) * SIZE;
  const up = (value) => SIZE - ((value - plane.y[0]) / (plane.y[1] - plane.y[0])) * SIZE;
  for (const [x0, x1, label] of plane.points) {
    context.beginPath();
    outlineOf(context, SHAPES[label % 5], across(x0), up(x1), 4);
    context.fillStyle = colours[label % 5];
    context.strokeStyle = paper;
    context.lineWidth = 1.5;
    context.fill();
    context.stroke();
  }
}

function outlineOf(context, shape, x, y, r) {
  if (shape === "circle") context.arc(x, y, r, 0, 2 * Math.PI);
  else if (shape === "square") context.rect(x - r, y - r, 2 * r, 2 * r);
  else if (shape === "cross") {
    context.rect(x - r, y - r / 3, 2 * r, (2 * r) / 3);
    context.rect(x - r / 3, y - r, (2 * r) / 3, 2 * r);
  } else {
    const corners =
      shape === "triangle"
        ? [
            [0, -1.2],
            [1.1, 0.9],
            [-1.1, 0.9],
          ]
        : [
            [0, -1.3],
            [1.3, 0],
            [0, 1.3],
            [-1.3, 0],
          ];
    corners.forEach(([dx, dy], i) =>
      i ? context.lineTo(x + dx * r, y + dy * r) : context.moveTo(x + dx * r, y + dy * r),
    );
    context.closePath();
  }
}

function inWords(plane, scores) {
  const counts = plane.labels.map((label, i) => `${plane.points.filter((point) => point[2] === i).length} ${label}`);
  const range = (name, [low, high]) => `${name} from ${figure(low)} to ${figure(high)}`;
  const where = `${range(plane.names[0], plane.x)}, ${range(plane.names[1], plane.y)}`;
  const points = `${plane.points.length} points: ${counts.join(", ")}; ${where}`;
  if (!scores || plane.classes) return points;
  const share = scores.filter((score) => numberOf(score) > 0).length / scores.length;
  return `${points}; ${Math.round(100 * share)} % of the plane is ${plane.labels[1]}`;
}
