// The laboratory: a famous mistake, the code that makes it, and right and wrong side by side.

import { make, refill } from "./dom.js";
import { figure, numberOf } from "./numbers.js";

/**
 * Returns a laboratory.
 *
 * @param {Object} laboratory the document
 * @param {function(Object): {element: HTMLElement, destroy: function}} makeShell makes the two steppers of a story
 */
export function createLaboratory(laboratory, makeShell) {
  const place = make("div", { class: "al-mistake" });
  let shell = null;
  const show = (mistake) => {
    shell?.destroy();
    shell = makeShell(mistake.story);
    refill(place, ...mistakeParts(mistake), shell.element);
    shell.start();
  };
  const { mistakes } = laboratory;
  const element = make(
    "div",
    { class: "al-laboratory" },
    make("p", { class: "al-introduction", text: laboratory.introduction }),
    mistakes.length > 1 ? chooser(mistakes, show) : null,
    place,
  );
  return { element, start: () => show(mistakes[0]), destroy: () => shell?.destroy() };
}

function chooser(mistakes, show) {
  const options = mistakes.map((mistake, i) => {
    const input = make("input", {
      type: "radio",
      name: "mistake",
      checked: i === 0,
      on: { change: () => show(mistake) },
    });
    return make("label", { class: "al-option" }, input, make("span", { text: mistake.title }));
  });
  const fields = make("fieldset", { class: "al-chooser" }, make("legend", { text: "Choose a mistake" }), ...options);
  return make("form", {}, fields); // radio buttons are a group within their form: two laboratories do not mix
}

function mistakeParts(mistake) {
  return [
    make("h2", { class: "al-mistake-title", text: mistake.title }),
    make(
      "div",
      { class: "al-codes" },
      codeBlock("right", mistake.code.right, mistake.marked?.right ?? []),
      codeBlock("wrong", mistake.code.wrong, mistake.marked?.wrong ?? []),
    ),
    make("p", { text: mistake.why }),
    make("p", {}, make("strong", { text: "When nobody notices: " }), mistake.harmless),
    gradientTable(mistake.gradients),
  ];
}

function codeBlock(kind, text, marked) {
  const lines = text.split("\n").map((line, i) => {
    const mark = marked.includes(i) ? (kind === "right" ? "✓ " : "✗ ") : "  ";
    return make("code", { class: marked.includes(i) ? "al-marked" : null, text: `${mark}${line}\n` });
  });
  return make(
    "figure",
    { class: `al-code-block al-code-${kind}` },
    make("figcaption", { text: kind }),
    make("pre", { tabindex: 0, "aria-label": `${kind} code` }, ...lines),
  );
}

function gradientTable(gradients) {
  const rows = gradients.map(([name, right, wrong]) => {
    const [a, b] = [numberOf(right), numberOf(wrong)];
    const same = Object.is(a, b);
    return make(
      "tr",
      { class: same ? null : "al-differing" },
      make("th", { scope: "row", text: name }),
      make("td", { class: "al-number", text: figure(a) }),
      make("td", { class: "al-number", text: figure(b) }),
      make("td", { text: same ? "=" : "≠ differs" }),
    );
  });
  const head = ["leaf", "right gradient", "wrong gradient", ""].map((text) =>
    text ? make("th", { scope: "col", text }) : make("td"),
  );
  return make(
    "table",
    { class: "al-table al-gradients" },
    make("caption", { class: "al-hidden", text: "Gradients of the leaves" }),
    make("thead", {}, make("tr", {}, ...head)),
    make("tbody", {}, ...rows),
  );
}
