/**
 * One cursor over a story: forward and back through every event of every pass.
 *
 * A position is how many events have happened. What a player knows of a line it looks up among the line's own events,
 * so that any step, and any leap, takes the same short time.
 */

import { countBelow } from "./groups.js";

/**
 * A cursor over a story. Every method that moves it returns the player; at either end it stays where it is.
 * Lines are those of the chapter shown, which is the one of the event that happened last.
 */
export class Player {
  /** @param {Story} story */
  constructor(story) {
    this.story = story;
    /** How many events have happened: from 0 to the story's length. */
    this.position = 0;
    /** The chapter shown, from 0. */
    this.chapterIndex = 0;
    /** How many of its events have happened. */
    this.done = 0;
  }

  get chapter() {
    return this.story.chapters[this.chapterIndex];
  }

  /** The event that happened last; null at the beginning. */
  get event() {
    return this.position ? this.chapter.event(this.done - 1) : null;
  }

  /** The phase of the event that happened last; null at the beginning. */
  get phase() {
    return this.chapter.phases.find(({ start, stop }) => start < this.done && this.done <= stop) ?? null;
  }

  // ------------------------------------------------------------ moving

  /** Goes to where so many events have happened, or as near as there is. */
  go(position) {
    this.position = Math.min(Math.max(Math.trunc(position), 0), this.story.length);
    const [chapter, inside] = this.position ? this.story.place(this.position - 1) : [0, -1];
    this.chapterIndex = chapter;
    this.done = inside + 1;
    return this;
  }

  forward() {
    return this.go(this.position + 1);
  }

  back() {
    return this.go(this.position - 1);
  }

  first() {
    return this.go(0);
  }

  last() {
    return this.go(this.story.length);
  }

  /** Goes to the first event of the next phase, perhaps in the next chapter. */
  nextPhase() {
    const { phase } = this;
    if (!phase) return this.forward();
    const target = this._start + phase.stop + 1;
    return target > this.story.length ? this : this.go(target);
  }

  /** Goes to the first event of this phase; from there, to the first of the phase before. */
  previousPhase() {
    if (this.phase && this.done === this.phase.start + 1) this.back();
    const { phase } = this;
    return phase ? this.go(this._start + phase.start + 1) : this;
  }

  /** Goes to the first event of a phase of this chapter, if it has it: "forward", "seed", "backward" or "update". */
  toPhase(name) {
    const phase = this.chapter.phases.find((found) => found.name === name);
    return phase ? this.go(this._start + phase.start + 1) : this;
  }

  /** Goes to the next event that changes a line's value or gradient; for a parameter, through all chapters. */
  nextOf(line) {
    const events = this.chapter.changes(line);
    return this._to(line, events.subarray(countBelow(events, this.done)), +1);
  }

  /** Goes to the last event before this one that changes a line; for a parameter, through all chapters. */
  previousOf(line) {
    const events = this.chapter.changes(line);
    return this._to(line, events.subarray(0, countBelow(events, this.done - 1)), -1);
  }

  _to(line, changes, step) {
    const { chapters, starts } = this.story, parameter = this.chapter.graph.parameters.indexOf(line);
    let at = this.chapterIndex, events = changes;
    while (!events.length && parameter >= 0 && chapters[at + step]) {
      at += step;
      const same = chapters[at].graph.parameters[parameter];
      events = same === undefined ? [] : chapters[at].changes(same);
    }
    return events.length ? this.go(starts[at] + events.at(step > 0 ? 0 : -1) + 1) : this;
  }

  get _start() {
    return this.story.starts[this.chapterIndex];
  }

  // ------------------------------------------------------------ what is known here

  /** Returns a line's value; undefined before the forward pass gets there. */
  value(line) {
    const { chapter } = this, event = this._last(chapter.valueEvents(line));
    if (event) return event.after;
    return chapter.graph.rule(line) ? undefined : chapter.values[line];
  }

  /** Returns a line's gradient so far; undefined while there is none, which is not 0. */
  adjoint(line) {
    const event = this._last(this.chapter.adjointEvents(line));
    return event ? event.after : this.chapter.earlier.get(line);
  }

  /** Returns how many contributions to a line's gradient have arrived in this pass, and how many will. */
  progress(line) {
    const events = this.chapter.contributions(line);
    return [countBelow(events, this.done), events.length];
  }

  /** Returns the consumers that have yet to contribute: until they have, the line must not pass its adjoint on. */
  waitsFor(line) {
    const [arrived] = this.progress(line);
    const pending = this.chapter.contributions(line).subarray(arrived);
    return [...new Set(Array.from(pending, (index) => this.chapter.event(index).line))];
  }

  /**
   * Returns how a gradient came about: its entries added up from 0, in order, and `earlier` on top.
   * @returns {{line: number, earlier: number|undefined, entries: [number, object][], expected: number,
   *   gradient: number|undefined}} an entry is an index in the story and its event
   */
  ledger(line) {
    const { chapter } = this, [arrived, expected] = this.progress(line);
    const mine = chapter.contributions(line).subarray(0, arrived);
    const entries = Array.from(mine, (index) => [this._start + index, chapter.event(index)]);
    return { line, earlier: chapter.earlier.get(line), entries, expected, gradient: this.adjoint(line) };
  }

  /** Returns the last of some events that has happened; null if none has. */
  _last(events) {
    const count = countBelow(events, this.done);
    return count ? this.chapter.event(events[count - 1]) : null;
  }
}
