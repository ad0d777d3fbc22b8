// One graph on the page: the picture of a track, with what is happening painted on it.

import { differingLines } from "./differing.js";
import { make } from "./dom.js";
import { figure } from "./numbers.js";
import { outputOf, outputText } from "./outputs.js";
import { Picture } from "./picture.js";
import { gradientText, isAsked, valueText } from "./shown.js";

/** The picture of one track of a session. Laid out only when what is visible changes; painted at every event. */
export class Stage {
  constructor(session, track, { title = "", onHover = () => {} } = {}) {
    this.session = session;
    this.track = track;
    this.host = make("div", { class: "al-picture-host" });
    this.element = make(
      "section",
      { class: "al-stage", "aria-label": title ? `The graph: ${title}` : "The graph" },
      title ? make("h2", { class: "al-stage-title", text: title }) : null,
      make("div", { class: "al-frame" }, this.host),
    );
    this.byId = new Map();
    this.picture = new Picture(this.host, {
      onSelect: (id) => this.#select(id),
      onToggle: (piece) => this.#toggle(piece),
      onHover: (id) => onHover(id === null ? null : (this.byId.get(id) ?? null)),
    });
    track.isReadable = (graph, visible) => this.picture.isReadable(graph, visible);
    this.shown = null;
    this.shownGraph = null;
    this.room = 0;
  }

  /** Draws what is visible where that changed, and paints the event that happened last. */
  update() {
    const { graph } = this.track.player.chapter;
    const visible = this.track.folding.visible();
    if (visible !== this.shown || graph !== this.shownGraph) {
      this.picture.show(graph, visible);
      this.byId = new Map(visible.nodes.map((node) => [node.id, node]));
      this.#makeRoom(graph !== this.shownGraph);
      [this.shown, this.shownGraph] = [visible, graph];
    }
    const frame = this.session.selectedId(this.track);
    this.picture.paint({ nodes: this.#nodes(visible), edges: this.#edges(visible), frame });
    const imagined = Boolean(this.session.imagined) && this.track === this.session.track;
    this.element.classList.toggle("al-imagining", imagined);
  }

  /** Brings a card into view. */
  center(line) {
    this.picture.center(this.track.folding.idOf(line));
  }

  /**
   * Shows what is beside the selected card; where all of it is shown already, selects the first card of it. From the
   * frame of an open piece the way leads to the first card inside.
   */
  walk(end, other, reveal) {
    const { session } = this;
    const id = session.selectedId(this.track);
    const before = this.track.folding.visible();
    session.fold((folding) => reveal(folding, id));
    const visible = this.track.folding.visible();
    const next = visible.ids.has(id)
      ? visible.edges.find((edge) => edge[end] === id)?.[other]
      : visible.nodes.find((node) => node.box === id)?.id;
    if (next === undefined) return;
    if (visible === before) session.selectNode(this.byId.get(next));
    this.picture.see(next, id);
  }

  /** Frees what the picture holds. */
  destroy() {
    this.picture.destroy?.();
  }

  /** Gives a small graph a low frame; a frame that had to grow stays, so that opening and closing moves little. */
  #makeRoom(fresh) {
    const { size, scale } = this.picture.viewport;
    const wanted = Math.ceil(size.height * scale) + 48;
    if (!fresh && wanted <= this.room) return;
    this.room = wanted;
    this.host.style.setProperty("--al-graph-height", `${wanted}px`);
  }

  #select(id) {
    const node = this.byId.get(id);
    if (node) this.session.selectNode(node);
  }

  #toggle(piece) {
    const { folding } = this.track;
    if (folding.isOpen(piece)) folding.close(piece);
    else folding.open(piece);
    this.session.tell();
  }

  #nodes(visible) {
    const { session, track } = this;
    const states = session.imagined ? new Map() : eventStates(track);
    const selected = session.selectedId(track);
    const changed = track.player.event && !session.imagined ? track.folding.idOf(track.player.event.changed) : "";
    const looks = new Map();
    const other = session.tracks.find((each) => each !== track);
    const differing = other ? differingLines(track, other) : null;
    for (const node of visible.nodes) {
      const look = { value: "", grad: "", state: states.get(node.id) ?? "", tick: false };
      look.changed = node.id === changed;
      look.selected = node.id === selected;
      if (node.kind === "piece") Object.assign(look, progressOf(track, node.piece), this.#output(node.piece));
      else if (node.kind !== "rest") {
        look.value = valueText(session, track, node.line);
        look.grad = gradientText(session, track, node.line);
        if (differing?.values.has(node.line)) look.value = `≠ ${look.value}`;
        if (differing?.gradients.has(node.line)) look.grad = `≠ ${look.grad}`;
        look.tick = !session.imagined && isComplete(track.player, node.line);
      }
      looks.set(node.id, look);
    }
    return looks;
  }

  /** The numbers of the one line that a closed piece hands on. */
  #output(piece) {
    const { session, track } = this, line = outputOf(track.player.chapter.graph, piece);
    if (line < 0) return {};
    return { output: outputText((write) => [valueText, gradientText].map((say) => say(session, track, line, write))) };
  }

  #edges(visible) {
    const { session, track } = this;
    const { event } = track.player;
    const looks = new Map();
    if (!event || session.imagined || !["forward", "backward"].includes(event.kind)) return looks;
    const target = track.folding.idOf(event.line);
    const source = event.kind === "backward" ? track.folding.idOf(event.operand) : null;
    visible.edges.forEach((edge, index) => {
      if (edge.target !== target || edge.source === target || (source !== null && edge.source !== source)) return;
      if (event.kind === "forward") {
        if (edge.edge !== null && edge.edge !== undefined) looks.set(index, { state: "forward", label: "" });
      } else if (edge.edge === null || edge.edge === undefined || edge.edge === event.edge) {
        looks.set(index, { state: "backward", label: isAsked(session, track) ? "" : figure(event.local) });
      }
    });
    return looks;
  }
}

/** Which cards take part in the event that happened last, and how. */
function eventStates(track) {
  const { event, chapter } = track.player;
  const states = new Map();
  if (!event) return states;
  const { folding } = track;
  if (event.kind === "forward") {
    for (const operand of chapter.graph.operands(event.line)) states.set(folding.idOf(operand), "operand");
    states.set(folding.idOf(event.line), "forward");
  } else if (event.kind === "backward") {
    states.set(folding.idOf(event.line), "source");
    states.set(folding.idOf(event.operand), "target");
  } else states.set(folding.idOf(event.line), event.kind === "seed" ? "seed" : "update");
  return states;
}

/** Whether a line's gradient is complete: nothing is added to it any more. */
function isComplete(player, line) {
  const { event, chapter } = player;
  if (!event || !["backward", "update"].includes(event.kind)) return false;
  const [arrived, expected] = player.progress(line);
  return expected ? arrived === expected : line === chapter.graph.root;
}

const MEMBERS = new WeakMap(); // graph -> for each piece, the operations inside, in order

function membersOf(graph, piece) {
  if (!MEMBERS.has(graph)) {
    const members = graph.pieces.map(() => []);
    for (let line = 0; line < graph.size; line += 1) {
      if (graph.isLeaf(line) || graph.isConstant(line)) continue;
      for (let at = graph.home(line); at >= 0; at = graph.pieces[at].parent) members[at].push(line);
    }
    MEMBERS.set(graph, members);
  }
  return MEMBERS.get(graph)[piece];
}

/** How far a closed piece is: operations come in order, so that counting takes a few comparisons. */
function progressOf(track, piece) {
  const { event } = track.player;
  const members = membersOf(track.player.chapter.graph, piece);
  if (!members.length) return {}; // leaves
  const below = (line) => {
    let [low, high] = [0, members.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (members[middle] < line) low = middle + 1;
      else high = middle;
    }
    return low;
  };
  let done = 0;
  if (event?.kind === "forward") done = below(event.line + 1);
  else if (event?.kind === "backward") done = members.length - below(event.line);
  else if (event) done = event.kind === "seed" ? 0 : members.length;
  const value = `${done.toLocaleString("en")} of ${members.length.toLocaleString("en")} done`;
  return {
    value,
    progress: done / members.length,
    tick: done === members.length && event?.kind !== "forward",
  };
}
