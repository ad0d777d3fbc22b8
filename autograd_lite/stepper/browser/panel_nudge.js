// Nudging: add a small h to a leaf, compute again, and put the quotient beside the gradient.

import { make, makeFacts, setText } from "./dom.js";
import { figure, general, spacing } from "./numbers.js";
import { UNDEFINED } from "./undefined.js";

const SIZES = ["1e-1", "1e-2", "1e-3", "1e-4", "1e-5", "1e-6"];

/** Returns the part of the what-if panel that nudges the selected leaf. */
export function createNudge(session) {
  const size = make("select", { class: "al-select", "aria-label": "h", on: { change: () => show() } });
  for (const text of SIZES) size.append(make("option", { value: text, text }));
  size.value = "1e-3";
  const scale = make("span");
  const facts = makeFacts(["change of the root / h", "gradient", "difference"]);
  const remark = make("p", { class: "al-quiet al-remark" });
  const title = make("p", { class: "al-nudge-title" }, make("span", { text: "Nudge by h = " }), size, scale);
  const element = make("div", { class: "al-nudge" }, title, facts.element, remark);
  let base = null;

  const show = () => {
    const { chapter } = session.player;
    const { letter } = chapter.graph;
    const { slope, name } = base;
    const { quotient, text, why } = nudged(chapter, base, Number(size.value));
    setText(scale, Math.abs(base.value) > 1 ? `× |${name}|` : "");
    setText(facts.rows[0].firstChild, `change of ${letter} / h`);
    const seed = chapter.seed === 1 ? "" : `, without the seed ${figure(chapter.seed)}`;
    setText(facts.rows[1].firstChild, `d${letter}/d${name}${seed}`);
    setText(facts.cells[0], text);
    setText(facts.cells[1], general(slope, 8));
    setText(facts.cells[2], text === UNDEFINED ? UNDEFINED : figure(quotient - slope));
    setText(remark, why);
    remark.hidden = why === "";
  };
  const update = (leaf) => {
    if (leaf === base) return;
    base = leaf;
    show();
  };
  return { element, update };
}

/**
 * Returns the quotient for one h, as text too, and what spoils it. The step is the one that floats make, not the one
 * that was asked for; it grows with the number, or it would vanish beside it.
 */
function nudged(chapter, { line, value, output, slope, name }, size) {
  const wanted = size * Math.max(1, Math.abs(value));
  const there = Number.isFinite(value + wanted) ? value + wanted : value - wanted;
  const step = there - value;
  if (!Number.isFinite(step)) return { quotient: NaN, text: "–", why: `There is no step from ${figure(value)}.` };
  if (step === 0)
    return { quotient: NaN, text: "–", why: `h is below the spacing of floats at ${name} = ${figure(value)}.` };
  const { root, letter } = chapter.graph;
  const moved = chapter.imagined(new Map([[line, there]]));
  if (moved.isUndefined[root])
    return { quotient: NaN, text: UNDEFINED, why: `${letter} is ${UNDEFINED} at ${name} = ${figure(there)}.` };
  const quotient = (moved.values[root] - output) / step;
  const lost = slope !== 0 && Math.abs(slope * step) < spacing(output);
  const where = `${letter} = ${figure(output)}`;
  const why = lost ? `The change of ${letter} is below the spacing of floats at ${where}: it is rounded away.` : "";
  return { quotient, text: general(quotient, 8), why };
}
