// What if a leaf had another number: the whole graph live, and the linear prediction beside the true change.

import { createMemo, make, makeButton, makeFacts, makePanel, setText } from "./dom.js";
import { exact, figure, general } from "./numbers.js";
import { createNudge } from "./panel_nudge.js";

const STEPS = 400;

/** Returns the panel in which the selected leaf gets another number. */
export function createWhatIfPanel({ session }) {
  const panel = makePanel("What if", { className: "al-whatif" });
  const hint = make("p", { class: "al-quiet" });
  const slider = make("input", { class: "al-slider", type: "range", on: { input: () => moved(Number(slider.value)) } });
  const field = make("input", {
    class: "al-field",
    type: "text",
    inputmode: "decimal",
    on: { change: () => typed(), keydown: (event) => event.key === "Enter" && typed() },
  });
  const reset = makeButton("Reset", () => session.imagine(new Map()));
  const facts = makeFacts(["before", "after", "true change", "linear: gradient × h", "difference"]);
  const controls = make("div", {}, make("div", { class: "al-whatif-row" }, slider, field, reset), facts.element);
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
    const number = Number(field.value.trim().replace("−", "-"));
    const wrong = field.value.trim() === "" || Number.isNaN(number);
    if (wrong) field.setAttribute("aria-invalid", "true");
    else field.removeAttribute("aria-invalid");
    if (!wrong) moved(number);
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
    if (fresh(chapter, session.selected)) base = startAt(session, slider, field);
    const now = session.imagined?.changes.get(base.line) ?? base.value;
    if (Number(slider.value) !== now) slider.value = String(now);
    if (document.activeElement !== field || Number(field.value) !== now) field.value = general(now, 6);
    slider.setAttribute("aria-valuetext", `${base.name} = ${figure(now)}`);
    reset.setAttribute("aria-disabled", String(!session.imagined));
    showFacts(session, facts, base);
    nudge.update(base);
  };
  return { element: panel.element, update };
}

/** Why nothing can be imagined here; "" if it can. */
function obstacle(session) {
  const { player, selected } = session;
  const { graph } = player.chapter;
  if (session.quiz) return "Not while you predict: it would give the answers away.";
  if (!session.canImagine)
    return "These numbers cannot be computed again: a rule is a black box, or the events are as recorded.";
  if (selected < 0 || selected >= graph.size || !graph.isLeaf(selected))
    return "Select a leaf to give it another number.";
  return "";
}

/** Takes down a leaf's number and gradient, and sets the slider around the number. */
function startAt(session, slider, field) {
  const { chapter } = session.player;
  const line = session.selected;
  const name = chapter.name(line);
  const value = chapter.values[line];
  const reach = 2 * Math.max(1, Math.abs(value));
  slider.min = String(value - reach);
  slider.max = String(value + reach);
  slider.step = String(reach / STEPS);
  slider.setAttribute("aria-label", `Imagined number of ${name}`);
  field.setAttribute("aria-label", `Imagined number of ${name}, typed`);
  return { line, name, value, output: chapter.values[chapter.graph.root], gradient: derivative(chapter, line) };
}

/** d root / d line of this pass alone, whatever its seed: the contributions, added up in their order. */
function derivative(chapter, line) {
  let sum = line === chapter.graph.root ? chapter.seed : 0;
  for (const index of chapter.contributions(line)) {
    const { local, upstream } = chapter.event(index);
    sum += local * upstream;
  }
  return chapter.seed === 1 || chapter.seed === 0 ? sum : sum / chapter.seed;
}

function showFacts(session, facts, base) {
  const { chapter } = session.player;
  const { graph } = chapter;
  const root = graph.letter;
  const [before, after, change, linear, difference] = facts.cells;
  const changes = session.imagined?.changes ?? new Map();
  const output = session.imagined ? session.imagined.values[graph.root] : base.output;
  const prediction = session.imagined ? predicted(chapter, changes) : 0;
  const truth = output - base.output;
  setText(facts.rows[0].firstChild, `${root} before`);
  setText(facts.rows[1].firstChild, `${root} after`);
  setText(before, figure(base.output));
  setText(after, figure(output));
  setText(change, signed(truth));
  setText(linear, signed(prediction));
  setText(difference, signed(truth - prediction));
  for (const cell of facts.cells) cell.title = "";
  before.title = exact(base.output);
  after.title = exact(output);
}

/** The sum of gradient times h over all leaves that were moved. */
function predicted(chapter, changes) {
  let sum = 0;
  for (const [line, number] of changes) sum += derivative(chapter, line) * (number - chapter.values[line]);
  return sum;
}

/** Returns a change as text, with its sign. */
export function signed(number) {
  const text = figure(number);
  return number > 0 ? `+${text}` : text;
}
