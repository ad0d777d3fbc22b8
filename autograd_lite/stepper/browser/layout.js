// Where things go: view/layout.py in JavaScript, step for step, so that a page and a static picture agree.
//
//     1. ranks         longest path from the left; leaves move right, next to their first consumer
//     2. dummies       an edge across several ranks gets a small stand-in in each, shared by edges of one source
//     3. order         barycentre sweeps: each thing goes to the mean position of its neighbours; the best is kept
//     4. coordinates   each thing as near to its neighbours as its column allows (isotonic regression)
//
// The third is in ordering.js.
//
// Source: K. Sugiyama, S. Tagawa, M. Toda, "Methods for visual understanding of hierarchical system structures", IEEE
// Transactions on Systems, Man, and Cybernetics 11(2), 1981.

import { SWEEPS, orderColumns } from "./ordering.js";

const MOST_DUMMIES = 20_000; // beyond this many, long edges go straight
const GAP_Y = 14;
const GAP_DUMMY = 7;
const STRAIGHT = [1, 2, 8]; // how much a segment with 0, 1 or 2 stand-ins wants to be level (as in Graphviz's dot)
const NO_SIZE = [0, 0]; // the size of a stand-in

/**
 * Places things of given sizes so that links run from left to right.
 *
 * @param {Map<string, [number, number]>} sizes width and height of each, in the order in which equals are stacked; keys
 *     do not begin with "dummy ".
 * @param {{source: string, target: string, leaves: number, enters: number}[]} links what leads to what, and where a
 *     link leaves the one and enters the other, measured from their middle; cycles are allowed.
 * @param {{entries?: Iterable<string>, exits?: Iterable<string>, gap?: number, verge?: number}} options things that
 *     must be leftmost, things that must be rightmost, room between columns, room beside a column of gates.
 * @returns {{width: number, height: number, middles: Map<string, [number, number]>, ways: [number, number][][],
 *     spans: Map<string, [number, number]>}} where the things are, for each link the points between its two ends, and
 *     for each thing where its column begins and ends.
 */
export function arrange(sizes, links, { entries = [], exits = [], gap = 70, verge = gap } = {}) {
  const rank = ranksOf(sizes, links, new Set(entries), new Set(exits));
  const { columns, segments, via } = withDummies(sizes, links, rank);
  orderColumns(columns, segments);
  const y = coordinatesOf(columns, segments, sizes);
  const targets = new Set(links.map((link) => link.target));
  const sources = new Set(links.map((link) => link.source).filter((source) => !targets.has(source)));
  const { middles, spans } = placeAcross(columns, sizes, sources, { gap, verge });
  let [top, bottom, width] = y.size ? [Infinity, -Infinity, -Infinity] : [0, 0, 0];
  for (const [key, at] of y) {
    const half = sizeOf(sizes, key)[1] / 2;
    top = Math.min(top, at - half);
    bottom = Math.max(bottom, at + half);
    width = Math.max(width, spans.get(key)[1]);
  }
  return {
    width,
    height: bottom - top,
    middles: new Map([...sizes.keys()].map((key) => [key, [middles.get(key), y.get(key) - top]])),
    spans,
    ways: via.map((stops) => stops.flatMap((stop) => spans.get(stop).map((side) => [side, y.get(stop) - top]))),
  };
}

const sizeOf = (sizes, key) => sizes.get(key) ?? NO_SIZE;

/** Returns each thing's column: one more than its furthest operand's. */
function ranksOf(sizes, links, entries, exits) {
  const keys = [...sizes.keys()];
  const waiting = new Map(keys.map((key) => [key, 0]));
  const users = new Map(keys.map((key) => [key, []]));
  const operands = new Map(keys.map((key) => [key, []]));
  for (const { source, target } of links) {
    if (source === target) continue;
    users.get(source).push(target);
    operands.get(target).push(source);
    waiting.set(target, waiting.get(target) + 1);
  }
  const rank = new Map();
  const ready = keys.filter((key) => !waiting.get(key));
  let next = 0;
  let left = 0;
  while (rank.size < keys.length) {
    while (next === ready.length) {
      // a cycle: cut it at the first thing that still waits
      if (rank.has(keys[left])) left += 1;
      else ready.push(keys[left]);
    }
    const key = ready[next++];
    if (rank.has(key)) continue;
    let column = entries.size && !entries.has(key) ? 1 : 0;
    for (const operand of operands.get(key)) if (rank.has(operand)) column = Math.max(column, rank.get(operand) + 1);
    rank.set(key, column);
    for (const user of users.get(key)) {
      waiting.set(user, waiting.get(user) - 1);
      if (!waiting.get(user) && !rank.has(user)) ready.push(user);
    }
  }
  for (const key of [...rank.keys()].reverse()) {
    if (operands.get(key).length || !users.get(key).length || entries.has(key)) continue;
    const first = users.get(key).reduce((least, user) => Math.min(least, rank.get(user)), Infinity);
    rank.set(key, Math.max(rank.get(key), first - 1));
  }
  let after = 0;
  for (const [key, column] of rank) if (!exits.has(key)) after = Math.max(after, column + 1);
  for (const key of exits) rank.set(key, after);
  return rank;
}

/** Fills the columns, cuts links into segments [from, to, port, port] between neighbours, lists links' stand-ins. */
function withDummies(sizes, links, rank) {
  let count = 0;
  for (const column of rank.values()) count = Math.max(count, column + 1);
  const columns = Array.from({ length: count }, () => []);
  for (const key of sizes.keys()) columns[rank.get(key)].push(key);
  const segments = Array.from({ length: count }, () => new Map());
  const join = (column, ...segment) => segments[column].set(segment.join("|"), segment);
  const chains = new Map(); // each source's stand-ins, one a column
  const via = [];
  let made = 0;
  for (const { source, target, leaves, enters } of links) {
    const [start, end] = [rank.get(source), rank.get(target)];
    const name = `dummy ${source} ${leaves}`;
    if (!chains.has(name)) chains.set(name, []);
    const chain = chains.get(name);
    if (start >= end || (end > start + 1 && made > MOST_DUMMIES)) {
      via.push([]);
      continue;
    }
    for (let r = start + 1 + chain.length; r < end; r++) {
      const dummy = `${name} ${r}`;
      join(r - 1, chain.at(-1) ?? source, dummy, chain.length ? 0 : leaves, 0);
      columns[r].push(dummy);
      chain.push(dummy);
      made += 1;
    }
    const way = chain.slice(0, end - start - 1);
    join(end - 1, way.at(-1) ?? source, target, way.length ? 0 : leaves, enters);
    via.push(way);
  }
  return { columns, segments: segments.map((found) => [...found.values()]), via };
}

/** Returns each thing's height on the page: near its neighbours, in order, none overlapping. */
function coordinatesOf(columns, segments, sizes) {
  const y = new Map();
  const ends = new Map();
  for (const [a, b] of segments.flat()) for (const end of [a, b]) ends.set(end, (ends.get(end) ?? 0) + 1);
  const isLight = (key) => ends.get(key) === 1; // it follows its one neighbour rather than pulls it
  const wish = (a, b) => STRAIGHT[Number(!sizes.has(a)) + Number(!sizes.has(b))];
  const offsets = columns.map((column) => offsetsOf(column, sizes));
  columns.forEach((column, c) => column.forEach((key, i) => y.set(key, offsets[c][i] - offsets[c].at(-1) / 2)));
  for (let sweep = 0; sweep < 2 * SWEEPS; sweep++) {
    const forward = sweep % 2 === 0;
    const both = sweep >= SWEEPS;
    for (let step = 0; step < columns.length; step++) {
      const c = forward ? step : columns.length - 1 - step;
      const column = columns[c];
      const pulls = new Map(column.map((key) => [key, { sum: 0, weight: 0 }]));
      const pull = (key, height, weight) => {
        const wanted = pulls.get(key);
        wanted.sum += height * weight;
        wanted.weight += weight;
      };
      for (const [a, b, portA, portB] of c && (forward || both) ? segments[c - 1] : [])
        pull(b, y.get(a) + portA - portB, wish(a, b) * (isLight(a) ? 0.2 : 1));
      for (const [a, b, portA, portB] of !forward || both ? segments[c] : [])
        pull(a, y.get(b) + portB - portA, wish(a, b));
      for (const key of column) if (!pulls.get(key).weight) pull(key, y.get(key), 0.05);
      const targets = column.map((key, i) => pulls.get(key).sum / pulls.get(key).weight - offsets[c][i]);
      const level = isotonic(
        targets,
        column.map((key) => pulls.get(key).weight),
      );
      column.forEach((key, i) => y.set(key, level[i] + offsets[c][i]));
    }
  }
  return y;
}

/** Returns how far below the first thing each must be at least. */
function offsetsOf(column, sizes) {
  const offsets = [0];
  for (let i = 1; i < column.length; i++) {
    const [above, key] = [column[i - 1], column[i]];
    const gap = sizes.has(above) || sizes.has(key) ? GAP_Y : GAP_DUMMY;
    offsets.push(offsets[i - 1] + (sizeOf(sizes, above)[1] + sizeOf(sizes, key)[1]) / 2 + gap);
  }
  return offsets;
}

/** Returns the non-decreasing sequence nearest to the targets (pool adjacent violators). */
function isotonic(targets, weights) {
  const pools = [];
  targets.forEach((target, i) => {
    let [mean, heft, count] = [target, weights[i], 1];
    while (pools.length && pools.at(-1)[0] > mean) {
      const [other, more, members] = pools.pop();
      mean = (mean * heft + other * more) / (heft + more);
      heft += more;
      count += members;
    }
    pools.push([mean, heft, count]);
  });
  return pools.flatMap(([mean, , count]) => Array(count).fill(mean));
}

/** Returns each thing's middle from left to right, and where its column begins and ends. */
function placeAcross(columns, sizes, sources, { gap, verge }) {
  const [middles, spans] = [new Map(), new Map()];
  const widths = columns.map((column) => column.reduce((most, key) => Math.max(most, sizeOf(sizes, key)[0]), 0));
  let x = 0;
  columns.forEach((column, c) => {
    const width = widths[c];
    for (const key of column) {
      const own = sizeOf(sizes, key)[0];
      const beside = sources.has(key) && own < width / 2; // next to its consumer, not in the middle of a wide column
      middles.set(key, beside ? x + width - own / 2 : x + width / 2);
      spans.set(key, [x, x + width]);
    }
    x += width + (width && widths[c + 1] !== 0 ? gap : verge); // gates have no width
  });
  return { middles, spans };
}
