// Around the graph: a field to find a value, zoom, what is open, and where one is.

import { createMemo, make, makeButton, refill, setAttribute, setText } from "./dom.js";
import { makeIcon } from "./icons.js";
import { figure } from "./numbers.js";

/** Returns the line above the graph: crumbs, open and close, the field to find values, zoom. */
export function createGraphBar({ session, stages }) {
  const crumbs = make("nav", { class: "al-crumbs", "aria-label": "Pieces around the selection" });
  const openAll = makeButton("Open all", () => session.fold((folding) => folding.openAll() === false && refuse()));
  const closeAll = makeButton("Close all", () => session.fold((folding) => folding.closeAll()));
  const size = make("span", { class: "al-size", role: "status" });
  const refuse = () => setText(size, "Too much to show at once: open pieces one by one, or find a value.");
  const find = createFind(session, stages);
  const focus = createFocus(session, stages);
  const zoom = createZoom(stages, focus.element);
  const badge = make("p", { class: "al-badge", hidden: true });
  const folds = make("div", { class: "al-group" }, openAll, closeAll);
  const element = make(
    "div",
    { class: "al-graph-bar" },
    size,
    badge,
    make("span", { class: "al-spring" }),
    folds,
    find.element,
    zoom,
  );
  const memo = createMemo();
  const update = () => {
    const { graph } = session.player.chapter;
    const visible = session.folding.visible();
    focus.update();
    announce(session, badge, size);
    const line = session.selected >= 0 ? session.selected : (session.player.event?.line ?? -1);
    const piece = session.selectedPiece >= 0 ? session.selectedPiece : line >= 0 ? graph.home(line) : -1;
    if (!memo(graph, visible, piece, line)) return;
    folds.hidden = graph.pieces.length === 0;
    refill(crumbs, ...crumbsOf(session, graph, piece, line));
    crumbs.hidden = graph.pieces.length === 0;
    const some = visible.nodes.length < graph.size;
    const counted = `${graph.size.toLocaleString("en")} values`;
    const shown = `${counted}; ${visible.nodes.length.toLocaleString("en")} shown`;
    const how = session.folding.centre === null ? "open pieces or find" : "Esc shows all";
    setText(size, some ? `${shown}; ${how}` : counted);
  };
  return { element, crumbs, update, focusFind: find.focus, toggleFocus: focus.toggle };
}

/** Says of which leaves the numbers shown are, where they are imagined: in the place of the size, so nothing moves. */
function announce({ imagined, player }, badge, size) {
  badge.hidden = !imagined;
  size.hidden = !badge.hidden;
  if (!imagined) return;
  const { graph } = player.chapter;
  const changes = [...imagined.changes].map(([line, number]) => `${graph.name(line)} = ${figure(number)}`);
  setText(badge, `What if ${changes.join(", ")}: imagined numbers`);
  badge.title = badge.textContent;
}

/** The button that hides what is far from the selection, or shows it again. */
function createFocus(session, stages) {
  const toggle = () => {
    const line = session.toggleFocus();
    if (line >= 0) stages[0].center(line);
  };
  const title = "Focus: only what is near the selection (.)";
  const looks = { icon: makeIcon("focus"), title, className: "al-icon-button", pressed: false };
  const element = makeButton("Focus", toggle, looks);
  const update = () => {
    const isOn = session.folding.centre !== null;
    const isIdle = session.selected < 0 && session.selectedPiece < 0 && !isOn;
    setAttribute(element, "aria-pressed", String(isOn));
    setAttribute(element, "aria-disabled", isIdle ? "true" : null);
  };
  return { element, update, toggle };
}

function crumbsOf(session, graph, piece, line) {
  const path = [];
  for (let at = piece; at >= 0; at = graph.pieces[at].parent) path.unshift(at);
  if (!path.length) return [];
  const buttons = path.map((at) => {
    const open = session.folding.isOpen(at);
    const { name } = graph.pieces[at];
    const button = make("button", {
      type: "button",
      class: "al-link",
      text: name,
      title: open ? `close ${name}` : `open ${name}`,
      "aria-expanded": String(open),
      on: { click: () => session.fold((folding) => (open ? folding.close(at) : folding.open(at))) },
    });
    return make("span", { class: "al-crumb" }, button);
  });
  const last = line >= 0 ? make("span", { class: "al-crumb", text: session.player.chapter.name(line) }) : null;
  return [...buttons, last];
}

function createZoom(stages, focus) {
  const act = (how) => () => stages.forEach(({ picture }) => how(picture));
  const button = (icon, label, how) =>
    makeButton(label, act(how), { icon: makeIcon(icon), title: label, className: "al-icon-button" });
  return make(
    "div",
    { class: "al-group", role: "group", "aria-label": "What is in sight" },
    button("farther", "Zoom out", (picture) => picture.zoomBy(1 / 1.3)),
    button("closer", "Zoom in", (picture) => picture.zoomBy(1.3)),
    button("fit", "Fit the graph (z)", (picture) => picture.fit()),
    focus,
  );
}

function createFind(session, stages) {
  const results = make("ul", { class: "al-results", "aria-label": "Found", hidden: true });
  const note = make("p", { class: "al-hidden", role: "status" });
  const field = make("input", {
    class: "al-field al-find",
    type: "search",
    placeholder: "Find a value  ( / )",
    "aria-label": "Find a value by name, number, operation or piece",
    on: {
      input: () => search(),
      keydown: (event) => {
        if (event.key === "Enter") results.querySelector("button")?.click();
        if (event.key === "Escape") hide();
      },
    },
  });
  const element = make(
    "div",
    { class: "al-find-box", on: { focusout: (event) => element.contains(event.relatedTarget) || hide() } },
    field,
    results,
    note,
  );
  const hide = () => {
    results.hidden = true;
  };
  const choose = (match) => {
    hide();
    field.value = "";
    element.closest(".autograd-lite").focus({ preventScroll: true });
    if (match.line !== undefined && match.line !== null && match.line >= 0) {
      session.reveal(match.line);
      stages[0].center(match.line);
    } else {
      session.selectedPiece = match.piece;
      session.selected = -1;
      session.tell();
    }
  };
  const search = () => {
    const text = field.value.trim();
    const found = text ? session.folding.find(text) : [];
    refill(
      results,
      ...found.slice(0, 12).map((match) =>
        make(
          "li",
          {},
          makeButton(match.label, () => choose(match)),
        ),
      ),
    );
    if (text && !found.length) results.append(make("li", { class: "al-quiet", text: "nothing found" }));
    results.hidden = !text;
    setText(note, text ? `${found.length} found` : "");
  };
  return { element, focus: () => field.focus() };
}
