// Predicting: the number of an event stays hidden until the reader has said its sign or its value.

import { createMemo, make, makeButton, makePanel, refill, setText } from "./dom.js";
import { createNumberField } from "./number_field.js";
import { figure } from "./numbers.js";

const CLOSE_ENOUGH = 0.01; // of the truth
const NAMED_SIGNS = new Map([
  [-1, "negative"],
  [0, "zero"],
  [1, "positive"],
]);

/** Asks for the number of each event, checks answers, and keeps the score. */
export class Quiz {
  constructor() {
    this.question = null;
    this.verdict = null;
    this.right = this.asked = this.skipped = this.streak = 0;
  }

  /** Asks for what the last event has changed; returns whether there was something to ask. */
  ask(player) {
    const { event, chapter } = player;
    if (!event) return false;
    const value = event.kind === "forward" || event.kind === "update";
    const truth = event.kind === "forward" ? chapter.values[event.line] : event.after;
    this.question = { event, value, truth, name: chapter.name(event.changed), letter: chapter.graph.letter };
    this.verdict = null;
    return true;
  }

  /** Takes a sign: -1, 0 or 1. */
  answerSign(sign) {
    this.#answer(Object.is(sign, directionOf(this.question.truth)), NAMED_SIGNS.get(sign));
  }

  /** Takes a number, right within 1 % or if it looks the same with 4 significant digits. */
  answerValue(number) {
    const { truth } = this.question;
    const near = Math.abs(number - truth) <= CLOSE_ENOUGH * Math.abs(truth);
    this.#answer(near || figure(number) === figure(truth), figure(number));
  }

  /** Reveals what was asked; returns whether a question was open. */
  skip() {
    if (!this.question) return false;
    this.skipped += 1;
    this.#answer(false, "");
    return true;
  }

  /** Drops the question and the verdict, as when the reader goes somewhere else. */
  close() {
    this.question = this.verdict = null;
  }

  get score() {
    const skipped = this.skipped ? `, ${this.skipped} skipped` : "";
    return `${this.right} of ${this.asked}${skipped}; ${this.streak} in a row`;
  }

  /** Takes what was right or not, and how the reader put it; "" if the question was skipped. */
  #answer(right, said) {
    const truth = figure(this.question.truth);
    const wrong = said ? `Not quite: you said ${said}, it is ${truth}.` : `Skipped: ${truth}.`;
    this.asked += 1;
    this.right += right;
    this.streak = right ? this.streak + 1 : 0;
    this.verdict = { right, text: right ? `Right: ${truth}.` : wrong };
    this.question = null;
  }
}

function directionOf(number) {
  if (Number.isNaN(number)) return NaN;
  return number > 0 ? 1 : number < 0 ? -1 : 0;
}

/** Returns the panel that asks. */
export function createPredictPanel({ session }) {
  const panel = makePanel("Predict", { className: "al-predict" });
  const memo = createMemo();
  const asked = make("p", { class: "al-question" });
  const verdict = make("p", { class: "al-verdict", role: "status" });
  const answers = make("div", { class: "al-answers" });
  const score = make("p", { class: "al-score" });
  const skip = (event) => {
    if (event.key !== "ArrowRight" || field.value !== "") return; // in a number, the arrow moves the cursor
    event.preventDefault();
    session.step(1);
    focusRoot();
  };
  const { field, message, read, write } = createNumberField({
    placeholder: "or a number",
    "aria-label": "Your number",
    title: "Enter answers; → skips",
    on: { keydown: skip },
  });
  panel.body.append(asked, answers, message, verdict, score);
  const focusRoot = () => panel.element.closest(".autograd-lite")?.focus({ preventScroll: true });
  const answer = (how) => {
    how(session.quiz);
    session.tell();
    focusRoot();
  };
  const check = (event) => {
    event.preventDefault();
    const number = read();
    if (number === null) field.focus();
    else answer((quiz) => quiz.answerValue(number));
  };
  const form = make(
    "form",
    { class: "al-answer-form", on: { submit: check } },
    field,
    make("button", { type: "submit", class: "al-button", text: "Check" }),
  );
  const signs = [...NAMED_SIGNS].map(([sign, label]) => makeButton(label, () => answer((quiz) => quiz.answerSign(sign))));
  const update = () => {
    const { quiz } = session;
    panel.element.hidden = quiz === null;
    if (!quiz || !memo(quiz, quiz.question, quiz.verdict, quiz.asked)) return;
    setText(panel.note, quiz.asked ? `${quiz.right} of ${quiz.asked}` : "");
    setText(asked, questionInWords(quiz));
    refill(answers, ...(quiz.question ? [make("div", { class: "al-group" }, ...signs), form] : []));
    write("");
    if (quiz.question && field.closest(".autograd-lite")?.contains(document.activeElement)) field.focus();
    setText(verdict, quiz.verdict?.text ?? "");
    verdict.dataset.right = quiz.verdict ? String(quiz.verdict.right) : "";
    setText(score, quiz.asked ? `${quiz.score}.` : "");
  };
  return { element: panel.element, update };
}

function questionInWords(quiz) {
  const { question } = quiz;
  if (!question) return quiz.verdict ? "" : "→ goes one event forward, and asks you for its number.";
  const { event, name, letter, value } = question;
  if (event.kind === "forward") return `What is ${name}? Its sign, or its value:`;
  if (value) return `Where does ${name} go? The sign, or the value, after the update:`;
  if (event.kind === "seed") return `What is d${letter}/d${name}, the derivative of the root by itself?`;
  const soFar = `${figure(event.before)} so far`;
  return `What is d${letter}/d${name} after this contribution (${soFar})? Its sign, or its value:`;
}
