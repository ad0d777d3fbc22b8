// The order of things within their columns: barycentre sweeps that keep the order with fewest crossings. See layout.js.

export const SWEEPS = 8;

const positionsIn = (column) => new Map(column.map((key, i) => [key, i]));

/**
 * Sorts each column by the mean position of its neighbours, to and fro; keeps the order with fewest crossings.
 *
 * @param {string[][]} columns changed in place.
 * @param {[string, string, number, number][][]} segments for each column, what joins it to the next: from, to, ports.
 */
export function orderColumns(columns, segments) {
  let best = columns.map((column) => [...column]);
  let fewest = crossingsOf(columns, segments);
  for (let sweep = 0; sweep < SWEEPS && fewest; sweep++) {
    const forward = sweep % 2 === 0;
    for (let step = 1; step < columns.length; step++) {
      const c = forward ? step : columns.length - 1 - step;
      const fixed = positionsIn(columns[forward ? c - 1 : c + 1]);
      const near = new Map();
      for (const [a, b, portA, portB] of segments[forward ? c - 1 : c]) {
        const [moving, other, port, shift] = forward ? [b, a, portA, portB] : [a, b, portB, portA];
        const mean = near.get(moving) ?? { sum: 0, count: 0 };
        mean.sum += fixed.get(other) + port / 1e4 - shift / 1e4;
        mean.count += 1;
        near.set(moving, mean);
      }
      columns[c] = sortedAround(columns[c], near);
    }
    const crossings = crossingsOf(columns, segments);
    if (crossings < fewest) [best, fewest] = [columns.map((column) => [...column]), crossings];
  }
  columns.splice(0, columns.length, ...best);
}

/** Sorts what has a place; what has none stays next to whoever was before it. */
function sortedAround(column, near) {
  let last = -1;
  const keyed = column.map((key) => {
    const mean = near.get(key);
    if (mean) last = mean.sum / mean.count;
    return [last, key];
  });
  return keyed.sort((one, other) => one[0] - other[0]).map(([, key]) => key); // JavaScript's sort is stable
}

function crossingsOf(columns, segments) {
  let crossings = 0;
  for (let c = 0; c + 1 < segments.length; c++) {
    const [left, right] = [positionsIn(columns[c]), positionsIn(columns[c + 1])];
    const ends = segments[c]
      .map(([a, b, portA, portB]) => [left.get(a), portA, right.get(b), portB])
      .sort((e, f) => e[0] - f[0] || e[1] - f[1] || e[2] - f[2] || e[3] - f[3]);
    const seen = [];
    for (const [, , b, port] of ends) {
      let [low, high] = [0, seen.length];
      while (low < high) {
        const middle = (low + high) >> 1;
        if (seen[middle][0] > b || (seen[middle][0] === b && seen[middle][1] > port)) high = middle;
        else low = middle + 1;
      }
      crossings += seen.length - low;
      seen.splice(low, 0, [b, port]);
    }
  }
  return crossings;
}
