// Two computations beside each other: what is different here, in words, and the way to the first difference.

import { createMemo, make, makeButton, makePanel, refill } from "./dom.js";
import { figure } from "./numbers.js";
import { sentence } from "./telling.js";

/** Returns the panel that says what the two tracks do at this place and where they differ. */
export function createComparePanel({ session, titles }) {
  const panel = makePanel("Side by side", { className: "al-compare" });
  const jump = makeButton("First difference", () => toFirstDifference(session));
  jump.title = "to the first event that differs";
  const list = make("dl", { class: "al-sides" });
  const differs = make("p", { class: "al-differs" });
  panel.body.append(list, differs, make("p", {}, jump));
  const memo = createMemo();
  const update = () => {
    const positions = session.tracks.map(({ player }) => player.position);
    if (!memo(...positions)) return;
    refill(
      list,
      ...session.tracks.flatMap(({ story, player }, i) => [
        make("dt", { text: `${titles[i]}, ${player.position} of ${story.length}` }),
        make("dd", {
          text: player.event ? sentence(story, player.chapter, player.done - 1) : "Nothing has happened yet.",
        }),
      ]),
    );
    refill(differs, ...differenceInWords(session, titles));
    panel.element.dataset.differs = String(differs.textContent.startsWith("≠"));
  };
  return { element: panel.element, update };
}

/** Goes to where the first event that differs has just happened, in both. */
export function toFirstDifference(session) {
  session.go(session.first[0] + 1);
}

function differenceInWords({ tracks, first }, titles) {
  const [a, b] = tracks.map(({ player }) => player.event);
  const there = tracks[0].player.position === first[0] + 1 ? "This is the first event that differs. " : "";
  if (!a || !b) return [];
  const [nameA, nameB] = tracks.map(({ player }) => changedName(player));
  if (a.kind !== b.kind || nameA !== nameB) {
    return [`≠ ${there}${titles[0]} changes ${nameA}, ${titles[1]} ${nameB}.`];
  }
  const [afterA, afterB] = tracks.map(({ player }) => afterOf(player));
  if (Object.is(afterA, afterB)) return ["= Both come to the same number here."];
  return [`≠ ${there}${nameA} is ${figure(afterA)} ${titles[0]}, ${figure(afterB)} ${titles[1]}.`];
}

function changedName({ event, chapter }) {
  const name = chapter.name(event.changed);
  return event.kind === "forward" || event.kind === "update" ? name : `d${chapter.graph.letter}/d${name}`;
}

function afterOf({ event, chapter }) {
  return event.kind === "forward" ? chapter.values[event.line] : event.after;
}
