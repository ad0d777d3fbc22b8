// The toolbar: moving, playing, phases, chapters, and the switches.

import { createMemo, make, makeButton, setAttribute } from "./dom.js";
import { makeIcon, swapIcon } from "./icons.js";
import { CHAPTER } from "./session.js";
import { createSlider } from "./slider.js";

const SPEEDS = [0.5, 1, 2, 4, 8, 15, 30];
const PHASES = [
  ["forward", "values are computed, from the leaves to the root (f)"],
  ["seed", "the derivative of the root by itself (s)"],
  ["backward", "gradients are passed on, from the root to the leaves (b)"],
  ["update", "the optimizer moves the parameters (u)"],
];

/**
 * Returns the toolbar.
 *
 * @param {{session: Session, toggleTheme: function, showHelp: function, toggleQuiz: function}} context
 */
export function createToolbar(context) {
  const { session } = context;
  const moves = createMoves(session);
  const slider = createSlider(session);
  const phases = createPhases(session);
  const chapters = session.track.story.chapters.length > 1 ? createChapters(session) : null;
  const switches = createSwitches(context);
  const element = make(
    "div",
    { class: "al-toolbar", role: "toolbar", "aria-label": "Stepping" },
    make("div", { class: "al-toolbar-row" }, moves.element, slider.element),
    make(
      "div",
      { class: "al-toolbar-row al-toolbar-second" },
      phases.element,
      chapters?.element,
      make("span", { class: "al-spring" }),
      switches.element,
    ),
  );
  const parts = [moves, slider, phases, chapters, switches].filter(Boolean);
  return {
    element,
    update: () => {
      for (const part of parts) part.update();
    },
  };
}

function iconButton(icon, label, key, listener) {
  const title = key ? `${label} (${key})` : label;
  return makeButton(label, listener, { icon: makeIcon(icon), title, className: "al-icon-button" });
}

function createMoves(session) {
  const first = iconButton("first", "First", "Home", () => session.go(0));
  const previous = iconButton("previous", "Previous event", "left arrow", () => session.step(-1));
  const play = iconButton("play", "Play", "Space", () => session.togglePlay());
  const next = iconButton("next", "Next event", "right arrow", () => session.step(1));
  const last = iconButton("last", "Last", "End", () => session.go(session.track.story.length));
  const over = makeButton("Step over", () => session.stepOver(), { icon: makeIcon("over"), className: "al-over" });
  over.setAttribute("aria-label", "Step over");
  over.title = "to the next event that changes another visible card";
  play.classList.add("al-play");
  const element = make("div", { class: "al-group" }, first, previous, play, next, last, over);
  const update = () => {
    const { position } = session.player;
    const { length } = session.track.story;
    for (const button of [first, previous]) setAttribute(button, "aria-disabled", position === 0 ? "true" : null);
    for (const button of [next, last, over]) setAttribute(button, "aria-disabled", position >= length ? "true" : null);
    swapIcon(play, session.playing ? "pause" : "play");
    setAttribute(play, "aria-label", session.playing ? "Pause" : "Play");
  };
  return { element, update };
}

function createPhases(session) {
  const buttons = PHASES.map(([name, what]) => {
    const button = makeButton(name, () => session.toPhase(name), { className: `al-phase al-phase-${name}` });
    button.title = what;
    return [name, button];
  });
  const element = make(
    "div",
    { class: "al-group al-phases", role: "group", "aria-label": "Phases" },
    ...buttons.map(([, button]) => button),
  );
  const { chapters } = session.track.story;
  const moves = chapters.length > 1 || chapters[0].phases.some(({ name }) => name === "update");
  buttons.at(-1)[1].hidden = !moves; // one computation has no optimizer
  const update = () => {
    const { chapter, phase } = session.player;
    for (const [name, button] of buttons) {
      const there = chapter.phases.some((each) => each.name === name);
      setAttribute(button, "aria-disabled", there ? null : "true");
      setAttribute(button, "aria-current", phase?.name === name ? "step" : null);
    }
  };
  return { element, update };
}

function createChapters(session) {
  const { chapters } = session.track.story;
  const select = make("select", {
    class: "al-select",
    "aria-label": "Chapter",
    on: { change: () => session.toChapter(Number(select.value)) },
  });
  chapters.forEach((chapter, i) => {
    select.append(make("option", { value: i, text: chapter.title || `chapter ${i + 1}` }));
  });
  const previous = iconButton("left", "Previous chapter", "<", () => toNextChapter(session, -1));
  const next = iconButton("right", "Next chapter", ">", () => toNextChapter(session, 1));
  const element = make("div", { class: "al-group", role: "group", "aria-label": "Chapters" }, previous, select, next);
  const update = () => {
    const { chapterIndex } = session.player;
    if (select.value !== String(chapterIndex)) select.value = String(chapterIndex);
    setAttribute(select, "title", chapters[chapterIndex].title || null);
    setAttribute(previous, "aria-disabled", chapterIndex === 0 ? "true" : null);
    setAttribute(next, "aria-disabled", chapterIndex === chapters.length - 1 ? "true" : null);
  };
  return { element, update };
}

/** Goes to the next (+1) or previous (-1) chapter, if there is one. */
export function toNextChapter(session, by) {
  const chapter = session.player.chapterIndex + by;
  if (!session.track.story.chapters[chapter]) return;
  session.pause();
  session.toChapter(chapter);
}

function createSwitches({ session, toggleTheme, showHelp, toggleQuiz }) {
  const speed = make("select", {
    class: "al-select",
    "aria-label": "Speed",
    title: "how fast it plays",
    on: { change: () => (session.speed = { fast: Infinity, chapter: CHAPTER }[speed.value] ?? Number(speed.value)) },
  });
  for (const each of SPEEDS) speed.append(make("option", { value: each, text: `${each} per s` }));
  speed.append(make("option", { value: "fast", text: "fast" }));
  if (session.track.story.chapters.length > 1) {
    speed.append(make("option", { value: "chapter", text: "chapter per s" }));
  }
  speed.value = String(session.speed);
  const follow = makeButton("Follow", () => session.toggleFollowing(), { pressed: session.following });
  follow.title = "opens folded pieces where something happens, and closes them again";
  const predict = makeButton("Predict", toggleQuiz, { pressed: false });
  predict.title = "asks you for a number before it is shown";
  const theme = iconButton("theme", "Light or dark", "", toggleTheme);
  const help = iconButton("help", "Keys and signs", "?", showHelp);
  const memo = createMemo();
  const update = () => {
    if (!memo(session.following, session.quiz !== null)) return;
    setAttribute(follow, "aria-pressed", String(session.following));
    setAttribute(predict, "aria-pressed", String(session.quiz !== null));
  };
  const element = make("div", { class: "al-group al-switches" }, speed, follow, predict, theme, help);
  return { element, update };
}
