// Which number of a line is shown: the one that is there by now, an imagined one, or a question mark.

import { figure } from "./numbers.js";

/** Where a number is not there yet. */
export const NOTHING = "–";

/** Whether the numbers of the event that happened last are still to be predicted. */
export function isAsked(session, track) {
  return track === session.track && Boolean(session.quiz?.question);
}

/** Returns the text of a line's value. */
export function valueText(session, track, line) {
  if (session.imagined && track === session.track) return figure(session.imagined.values[line]);
  const value = track.player.value(line);
  if (value === undefined || value === null) return NOTHING;
  const asked = isAsked(session, track) && ["forward", "update"].includes(track.player.event.kind);
  return asked && track.player.event.changed === line ? "?" : figure(value);
}

/** Returns the text of a line's gradient. */
export function gradientText(session, track, line) {
  const { graph } = track.player.chapter;
  if (graph.isConstant(line)) return "";
  if (session.imagined && track === session.track) {
    return session.imagined.hasAdjoint[line] ? figure(session.imagined.adjoints[line]) : NOTHING;
  }
  const adjoint = track.player.adjoint(line);
  if (adjoint === undefined || adjoint === null) return NOTHING;
  const asked = isAsked(session, track) && ["seed", "backward"].includes(track.player.event.kind);
  return asked && track.player.event.changed === line ? "?" : figure(adjoint);
}
