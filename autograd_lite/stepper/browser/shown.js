// Which number of a line is shown: the one that is there by now, an imagined one, or a question mark.

import { exact, figure } from "./numbers.js";
import { UNDEFINED } from "./undefined.js";

/** Where a number is not there yet. */
export const NOTHING = "–";

/** Whether the numbers of the event that happened last are still to be predicted. */
export function isAsked(session, track) {
  return track === session.track && Boolean(session.quiz?.question);
}

/** Returns a line's value as it is shown: undefined where it is not there yet, null while it is to be predicted. */
export function shownValue(session, track, line) {
  if (session.imagined && track === session.track) return session.imagined.values[line];
  return hiddenIfAsked(session, track, line, track.player.value(line), ["forward", "update"]);
}

/** Returns a line's gradient as it is shown; see `shownValue`. A constant has none. */
export function shownGradient(session, track, line) {
  if (session.imagined && track === session.track) {
    return session.imagined.hasAdjoint[line] ? session.imagined.adjoints[line] : undefined;
  }
  return hiddenIfAsked(session, track, line, track.player.adjoint(line), ["seed", "backward"]);
}

function hiddenIfAsked(session, track, line, number, kinds) {
  if (number === undefined || number === null) return undefined;
  const { event } = track.player;
  return isAsked(session, track) && kinds.includes(event.kind) && event.changed === line ? null : number;
}

/** Returns the text of a line's value, as `write` has its number. */
export function valueText(session, track, line, write = figure) {
  const imagined = track === session.track ? session.imagined : null;
  return imagined?.isUndefined[line] ? UNDEFINED : shownText(shownValue(session, track, line), write);
}

/** Returns the text of a line's gradient, as `write` has its number. */
export function gradientText(session, track, line, write = figure) {
  if (track.player.chapter.graph.isConstant(line)) return "";
  const number = shownGradient(session, track, line);
  const imagined = track === session.track ? session.imagined : null;
  return Number.isNaN(number) && imagined?.outside.length ? UNDEFINED : shownText(number, write);
}

function shownText(number, write) {
  return number === undefined ? NOTHING : number === null ? "?" : write(number);
}

/** Returns all digits of a number that is shown with four; null where there is nothing more to say. */
export function digitsOf(number) {
  return number === undefined || number === null ? null : exact(number);
}
