// What if a leaf had another number: the whole graph live, and the linear prediction beside the true change.

import { createMemo, make, makeButton, makeFacts, makePanel, refill, setText } from "./dom.js";
import { slopesOf } from "./imagine.js";
import { createNumberField } from "./number_field.js";
import { exact, figure, general } from "./numbers.js";
import { createNudge } from "./panel_nudge.js";
import { UNDEFINED, whyUndefined } from "./undefined.js";

const STEPS = 400;
const FAR = 1e300; // beyond, a slider would have no ends
const MOST_REASONS = 3;

/** Returns the panel in which the selected leaf gets another number. */
export function createWhatIfPanel({ session }) {
  const panel = makePanel("What if", { className: "al-whatif" });
  const hint = make("p", { class: "al-quiet" });
  const slider = make("input", { class: "al-slider", type: "range", on: { input: () => moved(Number(slider.value)) } });
  const { field, message, read, write } = createNumberField({
    on: { change: () => typed(), keydown: (event) => event.key === "Enter" && typed() },
  });
  const reset = makeButton("Reset", () => session.imagine(new Map()));
  const facts = makeFacts(["before", "after", "true change", "linear: gradient × h", "difference"]);
  const reasons = make("div", { class: "al-reasons", role: "status" });
  const seeded = make("p", { class: "al-quiet al-seeded" });
  const row = make("div", { class: "al-whatif-row" }, slider, field, reset);
  const controls = make("div", {}, row, message, reasons, facts.element, seeded);
  const nudge = createNudge(session);
  panel.body.append(hint, controls, nudge.element);
  let base = null;

  const moved = (number) => {
    const changes = new Map(session.imagined?.changes ?? []);
    if (Object.is(number, base.value)) changes.delete(base.line);
    else changes.set(base.line, number);
    session.imagine(changes);
  };
  const typed = () => {
    const number = read();
    if (number !== null) moved(number);
  };

  const memo = createMemo();
  const fresh = createMemo();
  const update = () => {
    const { chapter } = session.player;
    if (!memo(chapter, session.selected, session.imagined, session.quiz)) return;
    const problem = obstacle(session);
    hint.hidden = problem === "";
    controls.hidden = problem !== "";
    nudge.element.hidden = problem !== "";
    setText(hint, problem);
    setText(panel.note, session.imagined ? "imagined numbers are shown" : "");
    if (problem) return;
    const isFresh = fresh(chapter, session.selected);
    if (isFresh) base = startAt(session, slider, field);
    const now = session.imagined?.changes.get(base.line) ?? base.value;
    if (!slider.hidden && Number(slider.value) !== now) slider.value = String(now);
    if (document.activeElement !== field || Number(field.value) !== now) write(general(now, 6));
    slider.setAttribute("aria-valuetext", `${base.name} = ${figure(now)}`);
    reset.setAttribute("aria-disabled", String(!session.imagined));
    refill(reasons, ...reasonsFor(session));
    showFacts(session, facts, base);
    const { seed, graph } = chapter;
    seeded.hidden = seed === 1;
    setText(seeded, `Per unit of ${graph.letter}, ${withoutSeed(seed)}, which every gradient in the graph has in it.`);
    nudge.update(base);
    if (isFresh) bringIntoSight(controls);
  };
  return { element: panel.element, update };
}

/** Scrolls the panels, and nothing else, so far that an element can be seen. */
function bringIntoSight(element) {
  const side = element.closest(".al-side");
  const below = element.getBoundingClientRect().bottom + 12 - (side?.getBoundingClientRect().bottom ?? Infinity);
  if (below > 0) side.scrollTop += below;
}

/** Why nothing can be imagined here; "" if it can. */
function obstacle(session) {
  const { player, selected } = session;
  const { graph } = player.chapter;
  if (session.quiz) return "Not while you predict: it would give the answers away.";
  if (session.isStale)
    return "Off here: a leaf was changed after the forward pass, so that these numbers do not follow from its number.";
  if (!session.canImagine)
    return "These numbers cannot be computed again: a rule is a black box, or the events are as recorded.";
  if (selected < 0 || selected >= graph.size || !graph.isLeaf(selected))
    return "Select a leaf to give it another number.";
  return "";
}

/** Takes down a leaf's number and slope, and sets the slider around the number; far out there is only the field. */
function startAt(session, slider, field) {
  const { chapter } = session.player;
  const line = session.selected;
  const name = chapter.name(line);
  const value = chapter.values[line];
  const reach = 2 * Math.max(1, Math.abs(value));
  slider.hidden = !(reach < FAR);
  if (!slider.hidden) {
    slider.min = String(value - reach);
    slider.max = String(value + reach);
    slider.step = String(reach / STEPS);
  }
  slider.setAttribute("aria-label", `Imagined number of ${name}`);
  field.setAttribute("aria-label", `Imagined number of ${name}, typed`);
  return { line, name, value, output: chapter.values[chapter.graph.root], slope: slopesOf(chapter)[line] };
}

/** Says that a slope is one of L itself: no chapter's seed is in it. */
export function withoutSeed(seed) {
  return `without the seed ${figure(seed)}`;
}

/** Operations that have no result, and what their rules need. */
function reasonsFor({ imagined, player }) {
  const lines = imagined?.outside ?? [];
  const reasons = lines.slice(0, MOST_REASONS).map((line) => whyUndefined(player.chapter, line));
  const left = lines.length - reasons.length;
  if (left > 0) reasons.push(`And ${left.toLocaleString("en")} more.`);
  return reasons.map((text) => make("p", { text }));
}

function showFacts(session, facts, base) {
  const { chapter, imagined } = { chapter: session.player.chapter, imagined: session.imagined };
  const { graph, seed } = chapter;
  const letter = graph.letter;
  const nowhere = Boolean(imagined?.isUndefined[graph.root]);
  const output = imagined ? imagined.values[graph.root] : base.output;
  const prediction = imagined ? predicted(chapter, imagined.changes) : 0;
  const truth = output - base.output;
  setText(facts.rows[0].firstChild, `${letter} before`);
  setText(facts.rows[1].firstChild, `${letter} after`);
  setText(facts.rows[3].firstChild, `linear: ${seed === 1 ? "gradient" : "slope"} × h`);
  const numbers = [base.output, output, truth, prediction, truth - prediction];
  const isGone = [false, nowhere, nowhere, false, nowhere];
  facts.cells.forEach((cell, i) => {
    const written = i < 2 ? figure(numbers[i]) : signed(numbers[i]);
    setText(cell, isGone[i] ? UNDEFINED : written);
    cell.title = i < 2 && !isGone[i] ? exact(numbers[i]) : "";
  });
}

/** The sum of slope times h over all leaves that were moved. */
function predicted(chapter, changes) {
  const slopes = slopesOf(chapter);
  let sum = 0;
  for (const [line, number] of changes) sum += slopes[line] * (number - chapter.values[line]);
  return sum;
}

/** Returns a change as text, with its sign. */
export function signed(number) {
  const text = figure(number);
  return number > 0 ? `+${text}` : text;
}
