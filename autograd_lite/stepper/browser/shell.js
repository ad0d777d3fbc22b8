// One stepper on the page: the toolbar, the pictures, and the panels around them.

import { createComparePanel, toFirstDifference } from "./compare.js";
import { createMemo, make, setText } from "./dom.js";
import { createChangedPanel, createFindingsPanel } from "./findings_panel.js";
import { keyListener } from "./keys.js";
import { createLedgerPanel } from "./ledger.js";
import { createOutlinePanel } from "./outline.js";
import { createGraphBar } from "./panel_find.js";
import { createHelp } from "./panel_help.js";
import { createHint } from "./panel_hint.js";
import { createStepPanel, currentSentence } from "./panel_step.js";
import { createPredictPanel, Quiz } from "./predict.js";
import { Session } from "./session.js";
import { createSourcePanel } from "./source_panel.js";
import { Stage } from "./stage.js";
import { readStory } from "./story.js";
import { createToolbar, toNextChapter } from "./toolbar.js";
import { Track } from "./track.js";
import { createTrainingPanel } from "./training_panel.js";
import { createWhatIfPanel } from "./whatif.js";

/**
 * The stepper of one document; of two where the document compares.
 *
 * @param {Object} document a story's
 * @param {{root: HTMLElement, theme: Object}} place the element that has the focus, and its theme
 */
export class Shell {
  constructor(document, { root, theme }) {
    const story = readStory(document);
    const { compare } = document;
    const tracks = [new Track(story), ...(compare ? [new Track(readStory(compare.story))] : [])];
    this.root = root;
    this.theme = theme;
    this.sync = null;
    this.session = new Session(tracks, compare?.first);
    this.titles = compare?.titles ?? [""];
    const hint = createHint(this.session);
    this.stages = tracks.map(
      (track, i) =>
        new Stage(this.session, track, { title: this.titles[i], onHover: (node) => hint.show(track, node) }),
    );
    this.help = createHelp();
    this.graphBar = createGraphBar({ session: this.session, stages: this.stages });
    this.parts = this.#panels(Boolean(compare));
    this.status = make("p", { class: "al-hidden", "aria-live": "polite" });
    this.element = this.#arranged(hint);
    this.listener = keyListener(this.#actions());
    this.update = this.update.bind(this);
    this.updaters = [this.parts.toolbar, this.graphBar, ...this.stages, hint, ...this.parts.panels];
    this.memo = createMemo();
  }

  /** Shows everything, once the element is in the page. */
  start() {
    this.root.addEventListener("keydown", this.listener);
    this.session.listeners.add(this.update);
    this.sync?.start();
    if (this.session.tracks.length > 1 && this.session.player.position === 0) toFirstDifference(this.session);
    this.update();
  }

  /** Brings the page up to date with the session. */
  update() {
    for (const part of this.updaters) part.update();
    const { player, playing } = this.session;
    if (this.memo(player.position, playing, this.session.quiz?.question) && !playing) {
      setText(this.status, currentSentence(this.session));
    }
  }

  /** Paints what is no CSS, after the theme has changed. */
  repaint() {
    this.session.theme = this.theme.resolved();
    this.session.tell();
  }

  /** Stops playing, and takes all listeners away. */
  destroy() {
    this.session.pause();
    this.sync?.stop();
    this.session.listeners.clear();
    this.root.removeEventListener("keydown", this.listener);
    for (const stage of this.stages) stage.destroy();
  }

  #panels(comparing) {
    const context = {
      session: this.session,
      stages: this.stages,
      titles: this.titles,
      toggleTheme: () => this.theme.toggle(),
      toggleQuiz: () => this.#toggleQuiz(),
      showHelp: () => this.help.open(),
    };
    const toolbar = createToolbar(context);
    const [steps, ledgers] = [createStepPanel, createLedgerPanel].map((create) =>
      context.session.tracks.map((_, i) => create(context, i)),
    );
    const side = [
      createChangedPanel(context),
      createPredictPanel(context),
      ...(comparing ? [createComparePanel(context)] : []),
      ...steps,
      ...(comparing ? [] : [createWhatIfPanel(context)]),
      createTrainingPanel(context),
      ...ledgers,
      createSourcePanel(context),
      createFindingsPanel(context),
    ];
    const outline = createOutlinePanel(context);
    return { toolbar, side, outline, panels: [...side, outline] };
  }

  #arranged(hint) {
    const { toolbar, side, outline } = this.parts;
    const pictures = make("div", { class: "al-pictures" }, ...this.stages.map((stage) => stage.element));
    const main = make("div", { class: "al-main" }, this.graphBar.element, pictures, this.graphBar.crumbs, hint.element);
    const panels = make(
      "div",
      { class: "al-side", tabindex: 0, role: "group", "aria-label": "Panels" },
      ...side.map((panel) => panel.element),
    );
    const columns = make("div", { class: "al-columns" }, main, panels, outline.element);
    const classes = this.stages.length > 1 ? "al-shell al-comparing" : "al-shell";
    return make("div", { class: classes }, toolbar.element, columns, this.help.element, this.status);
  }

  #toggleQuiz() {
    this.session.pause();
    this.session.quiz = this.session.quiz ? null : new Quiz();
    if (this.session.quiz) this.session.step(1); // asks at once
    else this.session.tell();
  }

  #actions() {
    const { session, stages, graphBar, help } = this;
    const { player } = session;
    const select = () => session.select(player.event ? player.event.changed : player.chapter.graph.root);
    const onSelected = (how) => () => {
      if (session.selected < 0 && session.selectedPiece < 0) select();
      how();
    };
    return {
      next: () => session.step(1),
      previous: () => session.step(-1),
      first: () => session.go(0),
      last: () => session.go(session.track.story.length),
      nextPhase: () => session.nextPhase(),
      previousPhase: () => session.previousPhase(),
      play: () => session.togglePlay(),
      forward: () => session.toPhase("forward"),
      seed: () => session.toPhase("seed"),
      backward: () => session.toPhase("backward"),
      update: () => session.toPhase("update"),
      nextChapter: () => toNextChapter(session, 1),
      previousChapter: () => toNextChapter(session, -1),
      nextOf: () => session.along(1),
      previousOf: () => session.along(-1),
      inputs: onSelected(() => stages[0].walk("target", "source", (folding, id) => folding.revealInputs(id))),
      outputs: onSelected(() => stages[0].walk("source", "target", (folding, id) => folding.revealOutputs(id))),
      collapse: onSelected(() => session.collapse()),
      expand: onSelected(() => session.expand()),
      focus: onSelected(() => graphBar.toggleFocus()),
      predict: () => this.#toggleQuiz(),
      find: () => graphBar.focusFind(),
      select,
      fit: () => stages.forEach(({ picture }) => picture.fit()),
      clear: () => session.clear(),
      help: () => help.open(),
    };
  }
}
