// The slider over all events, with the phases or the chapters drawn behind it.

import { createMemo, make, refill, setAttribute, setText } from "./dom.js";

/** Returns the slider and the words beside it. */
export function createSlider(session) {
  const { story } = session.track;
  const bar = make("div", { class: "al-timeline", "aria-hidden": "true" });
  const input = make("input", {
    class: "al-slider",
    type: "range",
    min: 0,
    max: story.length,
    step: 1,
    value: 0,
    "aria-label": "Position",
    on: { input: () => session.go(Number(input.value)) },
  });
  const count = make("strong", { class: "al-count" });
  const where = make("span", { class: "al-where" });
  const element = make(
    "div",
    { class: "al-slider-box" },
    make("div", { class: "al-slider-track" }, bar, input),
    make("p", { class: "al-place" }, count, where),
  );
  const memo = createMemo();
  const many = story.chapters.length > 1;
  const update = () => {
    const { player } = session;
    if (memo(many ? null : player.chapter))
      refill(bar, ...(many ? chapterSegments(story) : phaseSegments(player.chapter)));
    if (many) markChapter(bar, player.chapterIndex);
    if (Number(input.value) !== player.position) input.value = String(player.position);
    const of = `${counted(player.position)} of ${counted(story.length)}`;
    const { phase } = player;
    const inside = phase
      ? `${phase.name} ${counted(player.done - phase.start)} of ${counted(phase.stop - phase.start)}`
      : "at the start";
    setText(count, of);
    setText(where, inside);
    const chapter = many ? `, ${player.chapter.title || `chapter ${player.chapterIndex + 1}`}` : "";
    setAttribute(input, "aria-valuetext", `${of}${phase ? `, ${phase.name}` : ""}${chapter}`);
  };
  return { element, update };
}

function counted(number) {
  return number.toLocaleString("en");
}

function phaseSegments(chapter) {
  return chapter.phases.map(({ name, start, stop }) => {
    const label = make("span", { class: "al-segment-label", text: name });
    const segment = make("div", { class: `al-segment al-segment-${name}`, title: name }, label);
    segment.style.flexGrow = String(stop - start);
    return segment;
  });
}

/** Chapters as segments, each with its phases as stripes; at most some twenty are numbered. */
function chapterSegments(story) {
  const every = Math.ceil(story.chapters.length / 20);
  return story.chapters.map((chapter, i) => {
    const label = make("span", { class: "al-segment-label", text: i % every === 0 ? String(i + 1) : "" });
    const segment = make("div", { class: "al-segment al-segment-chapter", title: chapter.title }, label);
    segment.style.flexGrow = String(chapter.length);
    if (story.chapters.length <= 60) {
      const stripes = make("div", { class: "al-stripes" });
      for (const { name, start, stop } of chapter.phases) {
        const stripe = make("div", { class: `al-stripe al-segment-${name}` });
        stripe.style.flexGrow = String(stop - start);
        stripes.append(stripe);
      }
      segment.append(stripes);
    }
    return segment;
  });
}

function markChapter(bar, index) {
  const last = bar.querySelector(".al-here");
  const here = bar.children[index];
  if (last === here) return;
  last?.classList.remove("al-here");
  here?.classList.add("al-here");
}
