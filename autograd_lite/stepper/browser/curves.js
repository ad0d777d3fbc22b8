// The curve of an edge: its path, its two possible heads, and where its label goes.

const HEAD = 8; // length of an arrow's head
const LABEL_GAP = 37; // from the arrow's tip to the middle of its label: half the room between columns

/**
 * Returns what is drawn for an edge.
 *
 * @param {[number, number][]} points start, control, control, end, ... as in `Frames.scene`.
 * @returns {{forward: string, forwardHead: string, backward: string, backwardHead: string,
 *     labels: [number, number][]}} paths that leave room for the head at their end (forward) or start (backward), the
 *     heads, and two places for a label: near the end, and near the start.
 */
export function curveOf(points) {
  const ahead = arrowAt(points);
  const back = arrowAt([...points].reverse());
  return {
    forward: pathThrough([...points.slice(0, -1), ahead.base]),
    forwardHead: ahead.head,
    backward: pathThrough([back.base, ...points.slice(1)]),
    backwardHead: back.head,
    labels: [labelPoint(points), labelPoint([...points].reverse())],
  };
}

const distance = ([ax, ay], [bx, by]) => Math.hypot(bx - ax, by - ay);

/** Returns the head at the end of a curve, and the point where its line may stop. */
function arrowAt(points) {
  const tip = points.at(-1);
  const before = [...points].reverse().find((point) => distance(point, tip) > 1e-6) ?? [tip[0] - 1, tip[1]];
  const length = distance(before, tip);
  const [dx, dy] = [(tip[0] - before[0]) / length, (tip[1] - before[1]) / length];
  const corner = (along, across) => [tip[0] - along * dx - across * dy, tip[1] - along * dy + across * dx];
  const corners = [tip, corner(HEAD, 0.45 * HEAD), corner(HEAD, -0.45 * HEAD)];
  return { base: corner(HEAD - 1, 0), head: `M${corners.map(pointText).join("L")}Z` };
}

function pathThrough(points) {
  const curves = [];
  for (let i = 1; i + 2 < points.length; i += 3) curves.push(`C${points.slice(i, i + 3).map(pointText).join(" ")}`);
  return `M${pointText(points[0])}${curves.join("")}`;
}

const pointText = (point) => point.map((number) => String(Math.round(number * 10) / 10)).join(" ");

/** Returns the point half a column's gap from an edge's end, where no card can be, on whichever curve that is. */
function labelPoint(points) {
  let last = points.length - 1;
  if (last < 3) return points[0];
  const [tip] = points[last];
  const along = Math.min(LABEL_GAP, Math.abs(tip - points[0][0]) / 2);
  while (last > 3 && Math.abs(tip - points[last - 3][0]) < along) last -= 3;
  const [a, b, c, d] = points.slice(last - 3, last + 1);
  const at = (t, i) => {
    const s = 1 - t;
    return s * s * s * a[i] + 3 * s * s * t * b[i] + 3 * s * t * t * c[i] + t * t * t * d[i];
  };
  let [low, high] = [0, 1];
  for (let step = 0; step < 20; step++) {
    const middle = (low + high) / 2;
    if (Math.abs(tip - at(middle, 0)) > along) low = middle;
    else high = middle;
  }
  return [at(low, 0), at(low, 1)];
}
