// The outline: everything that is visible, as a table. It says with words what the picture says with lines.

import { countOf, cutInside } from "./cards.js";
import { createMemo, make, makePanel, refill, setAttribute, setText } from "./dom.js";
import { outputOf } from "./outputs.js";
import { digitsOf, gradientText, shownGradient, shownValue, valueText } from "./shown.js";

const PARTS = {
  forward: ["is computed", "operand"],
  seed: ["is seeded", ""],
  backward: ["passes on", "gets"],
  update: ["is moved", ""],
};

/** Returns the table of what is visible; rows are made anew only when something opens or closes. */
export function createOutlinePanel({ session }) {
  const panel = makePanel("Outline", { className: "al-outline" });
  const body = make("tbody");
  const head = ["name", "operation", "value", "gradient", "now"].map((text, i) =>
    make("th", { scope: "col", class: i === 2 || i === 3 ? "al-number" : null, text }),
  );
  const table = make(
    "table",
    { class: "al-table" },
    make("caption", { class: "al-hidden", text: "All visible values" }),
    make("thead", {}, make("tr", {}, ...head)),
    body,
  );
  panel.body.append(make("div", { class: "al-scroll", tabindex: 0, role: "group", "aria-label": "Outline" }, table));
  const memo = createMemo();
  let rows = [];
  const update = () => {
    if (!panel.element.open) return;
    const { chapter } = session.player;
    const { graph } = chapter;
    const visible = session.folding.visible();
    if (memo(graph, visible, graph.isShared ? chapter : null)) {
      rows = rowsOf(session, graph, visible);
      refill(body, ...rows.map((row) => row.element));
      setText(panel.note, `${visible.nodes.length.toLocaleString("en")} rows`);
    }
    const parts = partsOf(session);
    const selected = session.selectedId(session.track);
    for (const row of rows) refresh(session, row, parts, selected);
  };
  panel.element.addEventListener("toggle", update);
  return { element: panel.element, update };
}

/** Rows in the order of the tape, those of an open piece under its name. */
function rowsOf(session, graph, visible) {
  const inside = new Map([[null, []]]);
  const boxes = new Map(visible.boxes.map((box) => [box.id, box]));
  for (const id of boxes.keys()) inside.set(id, []);
  const opened = new Set();
  const open = (id) => {
    if (id === null || opened.has(id) || !boxes.has(id)) return;
    opened.add(id);
    open(boxes.get(id).parent);
    (inside.get(boxes.get(id).parent) ?? inside.get(null)).push({ box: boxes.get(id) });
  };
  for (const node of visible.nodes) {
    open(node.box);
    (inside.get(node.box) ?? inside.get(null)).push({ node });
  }
  const flat = [];
  const walk = (id, level) => {
    for (const { box, node } of inside.get(id)) {
      flat.push(node ? nodeRow(session, graph, node, level) : boxRow(session, graph, box.piece, level));
      if (box) walk(box.id, level + 1);
    }
  };
  walk(null, 0);
  return flat;
}

function boxRow(session, graph, piece, level) {
  const { name } = graph.pieces[piece];
  const close = foldButton(`close ${name}`, true, () => session.fold((folding) => folding.close(piece)));
  const head = make("th", { scope: "row", colspan: 5 }, close, make("span", { class: "al-box-name", text: name }));
  return { element: indented(make("tr", { class: "al-box-row" }, head), level), id: "" };
}

function nodeRow(session, graph, node, level) {
  const isPiece = node.kind === "piece";
  const name = isPiece
    ? graph.pieces[node.piece].name
    : isRest(node)
      ? restInWords(node)
      : session.player.chapter.name(node.line);
  const select = make("button", {
    type: "button",
    class: "al-link",
    text: isPiece || isRest(node) ? name : nameInside(graph, node.line, name),
    title: name,
    "aria-pressed": "false",
    on: { click: () => session.selectNode(node) },
  });
  const open = isPiece
    ? foldButton(`open ${name}`, false, () => session.fold((folding) => folding.open(node.piece)))
    : null;
  const cells = ["al-what", "al-number", "al-number", "al-part"].map((kind) => make("td", { class: kind }));
  setText(cells[0], operationOf(session, graph, node));
  const header = make("th", { scope: "row" }, open, isRest(node) ? make("span", { text: name }) : select);
  const line = isPiece ? outputOf(graph, node.piece) : (node.line ?? -1);
  return { element: indented(make("tr", {}, header, ...cells), level), id: node.id, node, line, select, cells };
}

/** Leaves out of a name what the pieces around it say: "layer1.neuron0.w0" is "w0" under layer1, neuron0. */
function nameInside(graph, line, name) {
  const given = graph.givenName(line); // in full, where the name is cut
  let around = "";
  let known = "";
  for (let at = graph.home(line); at >= 0; at = graph.pieces[at].parent) {
    around = `${graph.pieces[at].name}.${around}`;
    if (given.startsWith(around) && given.length > around.length) known = around;
  }
  return known ? cutInside(given.slice(known.length), 40) : name;
}

function isRest(node) {
  return node.kind !== "piece" && (node.line === null || node.line === undefined);
}

function restInWords(node) {
  return node.id === "earlier" || node.id === "later" ? `what is ${node.id}` : "everything else";
}

function operationOf(session, graph, node) {
  if (node.kind === "piece") return node.operations ? countOf(node.operations, "operation") : "nothing to compute";
  if (isRest(node)) return "hidden by the focus";
  if (node.kind !== "operation") return node.kind;
  const { chapter } = session.player;
  return graph.writtenWith(
    node.line,
    Array.from(graph.operands(node.line), (line) => chapter.name(line)),
  );
}

function foldButton(label, open, listener) {
  return make("button", {
    type: "button",
    class: "al-fold",
    text: open ? "▾" : "▸",
    "aria-label": label,
    title: label,
    "aria-expanded": String(open),
    on: { click: listener },
  });
}

function indented(row, level) {
  row.firstChild.style.paddingInlineStart = `${0.4 + 1.1 * level}em`;
  return row;
}

/** For cards that take part in the last event: what they do, in words. */
function partsOf({ player, folding, imagined }) {
  const { event, chapter } = player;
  const parts = new Map();
  if (!event || imagined) return parts;
  const [main, other] = PARTS[event.kind];
  if (event.kind === "forward")
    for (const line of chapter.graph.operands(event.line)) parts.set(folding.idOf(line), other);
  if (event.kind === "backward") parts.set(folding.idOf(event.operand), other);
  parts.set(folding.idOf(event.line), parts.has(folding.idOf(event.line)) ? "at work" : main);
  return parts;
}

function refresh(session, row, parts, selected) {
  if (!row.node) return;
  const { node, cells, select, element } = row;
  if (row.line >= 0) {
    setText(cells[1], valueText(session, session.track, row.line));
    setText(cells[2], gradientText(session, session.track, row.line));
    setAttribute(cells[1], "title", digitsOf(shownValue(session, session.track, row.line)));
    setAttribute(cells[2], "title", cells[2].textContent && digitsOf(shownGradient(session, session.track, row.line)));
  }
  const part = parts.get(row.id) ?? "";
  setText(cells[3], part ? `◀ ${part}` : "");
  element.classList.toggle("al-now", part !== "");
  element.classList.toggle("al-selected", row.id === selected);
  setAttribute(select, "aria-pressed", String(row.id === selected));
}
