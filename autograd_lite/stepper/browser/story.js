/** A story as a browser holds it: the document's chapters, one sequence of events. */

import { Chapter } from "./chapter.js";
import { Graph } from "./graph.js";
import { countBelow } from "./groups.js";
import { compileRules } from "./rules.js";
import { validate } from "./validate.js";

const FORMAT = "autograd-lite story";
const VERSION = 1;

/** Chapters one after the other. An index counts events through all of them. */
class Story {
  constructor(document) {
    const rules = compileRules(document);
    const graphs = document.graphs.map((graph, index) => new Graph(graph, rules, index));
    this.document = document;
    this.title = document.title;
    this.phrases = document.phrases;
    this.curves = document.curves ?? [];
    this.plane = document.plane ?? null;
    this.compare = document.compare ?? null;
    this.rules = rules;
    this.graphs = graphs;
    this.chapters = document.chapters.map((chapter, index) => new Chapter(chapter, graphs[chapter.graph], index));
    for (const chapter of this.chapters) {
      chapter.graph.isShared = chapter.graph.constants !== null;
      chapter.graph.constants ??= chapter.constants;
    }
    /** Where each chapter begins, and last, how many events there are. */
    this.starts = [0];
    for (const chapter of this.chapters) this.starts.push(this.starts.at(-1) + chapter.length);
    this.length = this.starts.at(-1);
  }

  /** Returns the chapter of an event, and the event's index in it. */
  place(index) {
    const chapter = countBelow(this.starts, index + 1) - 1;
    return [chapter, index - this.starts[chapter]];
  }

  /** Returns an event of the story; see events.js. */
  event(index) {
    const [chapter, inside] = this.place(index);
    return this.chapters[chapter].event(inside);
  }
}

/**
 * Returns the story that a document tells.
 * @param {object} document what `to_json` wrote, parsed
 * @returns {Story}
 * @throws {TypeError} it is no such document, of another version, or broken
 */
export function readStory(document) {
  if (document.format !== FORMAT || document.version !== VERSION) {
    throw new TypeError(`${FORMAT} ${VERSION} != ${document.format} ${document.version}`);
  }
  validate(document);
  return new Story(document);
}
