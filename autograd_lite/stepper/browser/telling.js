/**
 * What a reader is told about an event: a sentence, and the rule of the table at work, in names and in numbers.
 *
 * All words come with the document, and all formulas; here they are filled in.
 */

import { equation, filled, makeMath, makeSign, written } from "./formulas.js";
import { countBelow } from "./groups.js";
import { fenced, figure } from "./numbers.js";

const PRODUCT = "<mrow><mi>\ue000</mi><mo>\u2062</mo><mi>\ue001</mi></mrow>";

/**
 * Returns a phrase of the document with its blanks filled in; what is put in stays as it is.
 * @param {Object<string, string>} phrases
 * @param {string} key
 * @param {Object<string, any>} blanks
 * @returns {string}
 */
export function said(phrases, key, blanks = {}) {
  return phrases[key].replace(/\{(\w+)\}/g, (_, blank) => String(blanks[blank]));
}

/**
 * Returns an event in one line of text.
 * @param {Story} story
 * @param {Chapter} chapter
 * @param {number} index the event's index in the chapter
 * @returns {string}
 */
export function sentence({ phrases }, chapter, index) {
  const event = chapter.event(index), { line } = event, had = chapter.earlier.has(event.changed);
  const name = chapter.name(event.changed), before = figure(event.before), after = figure(event.after);
  const say = (key, blanks) => said(phrases, key, { name, before, after, ...blanks });
  switch (event.kind) {
    case "forward":
      return say("forward", { formula: right(chapter, line), numbers: rightInNumbers(chapter, line), value: after });
    case "update":
      return say("update", { step: figure(event.after - event.before) });
    case "seed":
      return say(had ? "seed_earlier" : "seed", { slope: slope(phrases, chapter, line), letter: chapter.graph.letter });
    default: {
      const [number, all] = contribution(chapter, index);
      return say("back", {
        receives: slope(phrases, chapter, event.operand),
        term: term(phrases, chapter, event),
        result: figure(event.local * event.upstream),
        before: had && number === 1 ? say("of_earlier_passes", { number: before }) : before,
        count: say(all > 1 ? "contributions" : "contribution", { number, all }),
      });
    }
  }
}

/** Returns what a step back adds, in names and in numbers: "dv2/dw * dL/dv2 = 2 * 0.1966". */
export function term(phrases, chapter, event) {
  return said(phrases, "term", {
    local: localSlope(phrases, chapter, event).join(""),
    upstream: slope(phrases, chapter, event.line),
    local_number: fenced(event.local),
    upstream_number: fenced(event.upstream),
  });
}

/** Returns the local derivative, "dv1/dx", and " (as operand 1)" where one line is several operands, else "". */
function localSlope(phrases, chapter, { line, position, operand }) {
  const names = { above: chapter.name(line), below: chapter.name(operand), operand: position + 1 };
  const ratio = said(phrases, "slope", names), full = said(phrases, "slope_operand", names);
  const isTwice = chapter.graph.operands(line).filter((other) => other === operand).length > 1;
  return [ratio, isTwice ? full.slice(ratio.length) : ""];
}

/** Returns what the derivative of the root by a line is called: "dL/dw". */
export function slope(phrases, chapter, line) {
  return said(phrases, "slope", { above: chapter.graph.letter, below: chapter.name(line) });
}

/** Returns of a step back which contribution to the gradient it is, from 1, and of how many. */
export function contribution(chapter, index) {
  const mine = chapter.contributions(chapter.event(index).changed);
  return [countBelow(mine, index + 1), mine.length];
}

/**
 * Returns what an event does to the number that it changes.
 * @returns {{before: number|null, after: number, contribution: number[]|null}} before is null if the event makes it
 */
export function changeOf(chapter, index) {
  const { kind, changed, before, after } = chapter.event(index);
  const which = kind === "backward" ? contribution(chapter, index) : null;
  const makes = kind === "forward" || (kind !== "update" && !chapter.earlier.has(changed) && (which?.[0] ?? 1) === 1);
  return { before: makes ? null : before, after, contribution: which };
}

/** Returns the right-hand side of an operation, "" for what is none: "w * x". */
export function right(chapter, line) {
  return chapter.graph.writtenWith(line, Array.from(chapter.graph.operands(line), (operand) => chapter.name(operand)));
}

function rightInNumbers({ graph, values }, line) {
  const word = graph.rule(line).fenced ? fenced : figure;
  return graph.writtenWith(line, Array.from(graph.operands(line), (operand) => word(values[operand])));
}

/**
 * Returns the equations of an event as <math> elements: of a forward step the rule; of the seed what it is; of a step
 * back the rule's partial, then the chain rule's `+=`.
 * @param {Story} story
 * @param {Chapter} chapter
 * @param {number} index the event's index in the chapter
 * @returns {{names: Element, numbers: Element}[]} with the lines' names, and with their numbers
 */
export function formulas({ phrases }, chapter, index) {
  const event = chapter.event(index), { line, after } = event;
  switch (event.kind) {
    case "forward": return [ruleAtWork(chapter, line, () => written(chapter.name(line)), "value", after)];
    case "seed": return [start(chapter, event)];
    case "backward": return [partialAtWork(phrases, chapter, event), chainRule(chapter, event)];
    default: return [];
  }
}

function start(chapter, { line, after }) {
  const either = () => equation(ratio(chapter, chapter.graph.letter, line), written(figure(after)));
  return { names: makeMath("math", either()), numbers: makeMath("math", either()) };
}

function partialAtWork(phrases, chapter, event) {
  const { line, operand, position, local } = event, [, which] = localSlope(phrases, chapter, event);
  const left = () => [ratio(chapter, chapter.name(line), operand), ...(which ? [note(which)] : [])];
  return ruleAtWork(chapter, line, left, position, local);
}

function note(text) {
  const small = makeMath("mtext", text.replaceAll(" ", "\u00a0"));
  small.setAttribute("mathsize", "80%");
  return small;
}

/** Returns `left = formula`, the formula being the rule's value or one of its partials. */
function ruleAtWork(chapter, line, left, part, result) {
  const { graph, values } = chapter, { math, letters } = graph.rule(line);
  const partials = (graph.isLone(line) ? math.lone : null) ?? math.partials;
  const template = part === "value" ? math.value : partials[part];
  const lines = new Map([["out", line], ...letters.map((letter, i) => [letter, graph.operands(line)[i]])]);
  const rule = (word) => filled(template, new Map([...lines].map(([letter, other]) => [letter, word(other)])));
  const isBlack = template === "", number = () => written(figure(result));
  const inNames = isBlack ? [number()] : [rule((other) => chapter.name(other))];
  const inNumbers = isBlack ? [number()] : [rule((other) => figure(values[other])), number()];
  return {
    names: makeMath("math", equation(left(), ...inNames)),
    numbers: makeMath("math", equation(left(), ...inNumbers)),
  };
}

function chainRule(chapter, { line, operand, local, upstream }) {
  const { letter } = chapter.graph;
  const gets = () => [ratio(chapter, letter, operand), makeSign("+=")];
  const factors = [ratio(chapter, chapter.name(line), operand), makeSign("·"), ratio(chapter, letter, line)];
  const product = filled(PRODUCT, new Map([["x", figure(local)], ["y", figure(upstream)]]));
  const names = makeMath("mrow", ...gets(), ...factors);
  const numbers = makeMath("mrow", ...gets(), product, makeSign("="), written(figure(local * upstream)));
  return { names: makeMath("math", names), numbers: makeMath("math", numbers) };
}

/** Returns the derivative of something by a line, as a fraction. */
function ratio(chapter, above, below) {
  const sides = [above, chapter.name(below)].map((name) => makeMath("mrow", makeSign("∂"), written(name)));
  return makeMath("mfrac", ...sides);
}
