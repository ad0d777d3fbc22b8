// The step: one sentence, the rule in names and in numbers, and what changed.

import { insideOf } from "./cards.js";
import { createMemo, make, makeButton, makePanel, refill, setText } from "./dom.js";
import { written } from "./formulas.js";
import { figure } from "./numbers.js";
import { isAsked } from "./shown.js";
import { formulas, sentence } from "./telling.js";

/** Returns the panel of the event that happened last, in one of the tracks. */
export function createStepPanel({ session, titles }, index = 0) {
  const track = session.tracks[index];
  const panel = makePanel("Step", { className: "al-step" });
  const said = make("p", { class: "al-sentence" });
  const recorded = make("span", { class: "al-recorded", text: "recorded numbers, not imagined" });
  const formulaBox = make("div", { class: "al-formulas", tabindex: 0, role: "group", "aria-label": "Formulas" });
  const before = make("span", { class: "al-number" });
  const after = make("span", { class: "al-number al-after" });
  const arrow = make("span", { class: "al-arrow", text: "→" });
  const count = make("span", { class: "al-contribution" });
  const change = make("p", { class: "al-change" }, before, arrow, after, count);
  const invitation = createStart(session);
  const keepRoom = createRoom(panel.body);
  panel.heading.after(recorded); // where it moves nothing while a leaf is dragged
  panel.body.append(said, invitation, formulaBox, change);
  const memo = createMemo();
  const update = () => {
    const { player } = track;
    const { event, chapter } = player;
    const asked = isAsked(session, track);
    recorded.hidden = !session.imagined || !event;
    if (!memo(player.position, chapter, asked)) return;
    panel.element.dataset.kind = event?.kind ?? "";
    setText(panel.note, [titles[index], event ? event.kind : ""].filter(Boolean).join(", "));
    setText(said, currentSentence(session, track));
    refill(formulaBox, ...(event ? formulaRows(player, asked) : []));
    formulaBox.hidden = !formulaBox.firstChild;
    change.hidden = !event;
    invitation.hidden = index > 0 || player.position > 0 || chapter.length === 0;
    if (!event) return;
    const start = startOf(player);
    setText(before, start === null ? "none yet" : figure(start));
    setText(after, asked ? "?" : figure(endOf(player)));
    setText(count, contributionInWords(player));
    count.hidden = !count.textContent;
    keepRoom();
  };
  return { element: panel.element, update };
}

/** Returns what keeps the most room that an element has needed, so that what is under it stays under the pointer. */
function createRoom(element) {
  let [width, most] = [0, 0];
  return () => {
    if (element.clientWidth !== width) [width, most] = [element.clientWidth, 0];
    element.style.minHeight = "";
    most = Math.max(most, element.offsetHeight);
    element.style.minHeight = `${most}px`;
  };
}

/** What to do at the beginning: buttons that leave the focus where the keys work. */
function createStart(session) {
  const act = (how) => (event) => {
    event.currentTarget.closest(".autograd-lite")?.focus({ preventScroll: true });
    how();
  };
  const first = makeButton("First event", act(() => session.step(1)), { className: "al-primary" });
  const play = makeButton("Play", act(() => session.togglePlay()));
  const keys = make("span", { class: "al-note" }, "Keys: ", make("kbd", { text: "?" }));
  return make("p", { class: "al-group al-start" }, first, play, keys);
}

/** Returns the sentence of the event that happened last, or what to do at the beginning. */
export function currentSentence(session, track = session.track) {
  const { player } = track;
  const { event, chapter } = player;
  if (!event) return beginning(track.story, chapter);
  if (isAsked(session, track)) return `${nameOfWhat(player)} = ?`;
  return sentence(track.story, chapter, player.done - 1);
}

function beginning(story, chapter) {
  const { graph } = chapter;
  const root = chapter.name(graph.root);
  const letter = graph.letter === root ? "" : `; ${graph.letter} is ${root}`;
  if (!chapter.length) return `${root} is a leaf: there is nothing to compute.`;
  return `Nothing has happened yet${letter}. Press → for the first event, or Space to play.`;
}

function nameOfWhat({ event, chapter }) {
  const name = chapter.name(event.changed);
  return event.kind === "forward" || event.kind === "update" ? name : `d${chapter.graph.letter}/d${name}`;
}

function startOf(player) {
  const { event, chapter } = player;
  if (event.kind === "forward") return null;
  if (event.kind === "update") return event.before;
  return event.kind === "seed" && !chapter.earlier.has(event.changed) ? null : event.before;
}

function endOf({ event, chapter }) {
  return event.kind === "forward" ? chapter.values[event.line] : event.after;
}

function contributionInWords(player) {
  if (player.event.kind !== "backward") return "";
  const [arrived, expected] = player.progress(player.event.operand);
  return `contribution ${arrived} of ${expected}`;
}

function formulaRows(player, asked) {
  return formulas(player.story, player.chapter, player.done - 1).map(({ names, numbers }) => {
    withoutEcho(numbers);
    for (const row of [names, numbers]) shortenNames(row, player);
    const pair = make("div", { class: "al-formula-pair" }, make("div", { class: "al-formula" }, inMath(names)));
    const same = names.textContent === numbers.textContent;
    if (!same && !asked) pair.append(make("div", { class: "al-formula al-in-numbers" }, inMath(numbers)));
    return pair;
  });
}

/** Writes names as cards do, without what the frames around them say, where that still tells them apart. */
function shortenNames(row, { event, chapter }) {
  const { graph } = chapter;
  const lines = [event.line, ...graph.operands(event.line)].filter((line) => graph.givenName(line));
  const shortened = (line) => insideOf(graph, graph.home(line), chapter.name(line));
  const short = new Map(lines.map((line) => [chapter.name(line), shortened(line)]));
  if (new Set(short.values()).size < short.size) return;
  for (const name of row.querySelectorAll("mi")) {
    const [full, text] = [name.textContent, short.get(name.textContent) ?? name.textContent];
    if (text !== full) name.replaceWith(written(text));
  }
}

/** Takes the end off "a = 2 = 2", in which nothing had to be computed. */
function withoutEcho(row) {
  const sides = (row.localName === "math" ? row.firstElementChild : row)?.children ?? [];
  const last = sides.length - 1;
  if (last < 4 || sides[last].textContent !== sides[last - 2].textContent) return;
  sides[last].remove();
  sides[last - 1].remove();
}

/** A MathML element inside <math>, displayed; what is one already stays it. */
export function inMath(element) {
  for (const sign of element.querySelectorAll("mo")) if (isMinusOfNumber(sign)) sign.setAttribute("form", "prefix");
  if (element.localName === "math") {
    element.setAttribute("display", "block");
    return element;
  }
  const math = document.createElementNS("http://www.w3.org/1998/Math/MathML", "math");
  math.setAttribute("display", "block");
  math.append(element);
  return math;
}

/** Whether a minus belongs to the number behind it: after "(", "=" or "·" it is no subtraction, and stands close. */
function isMinusOfNumber(sign) {
  const before = sign.previousElementSibling;
  return sign.textContent === "−" && before?.localName === "mo" && before.textContent !== ")";
}
