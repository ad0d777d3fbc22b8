// The stepper in a notebook and on a page: what anywidget calls.
//
// A session (session.js) is all that can change; it has the players of one story, or of two beside each other. Every
// panel is made by a function `createXPanel(context)` and has {element, update()}; update is called after every change
// and does little where nothing concerns it. The context of a panel:
//     session        what is shown, and the only ways to change it
//     stages         the pictures, one for each track
//     titles         what the tracks are called where there are two
//     toggleTheme, toggleQuiz, showHelp

import { make, refill } from "./dom.js";
import { createLaboratory } from "./panel_laboratory.js";
import { Shell } from "./shell.js";
import { keepInStep } from "./sync.js";
import { watchTheme } from "./theme.js";

const [STORY_FORMAT, LABORATORY, STORY_VERSION] = ["autograd-lite story", "autograd-lite laboratory", 1];

/**
 * Shows a story, or a laboratory, in an element.
 *
 * @param {{model: object, el: HTMLElement}} anywidget's model, with the traits story, position, selected, theme
 * @returns {function(): void} what to call when the element goes away
 */
export function render({ model, el }) {
  const root = make("div", { class: "autograd-lite", tabindex: 0, role: "group", "aria-label": "Stepper" });
  root.dataset.lmSuppressShortcuts = "true"; // or Notebook 7 takes the arrow keys
  let shown = null;
  const theme = watchTheme(root, () => shown?.repaint?.());
  const toggleTheme = () => {
    model.set("theme", theme.toggle());
    model.save_changes();
  };
  theme.choose(model.get("theme"));
  el.append(root);

  const showStory = () => {
    shown?.destroy();
    shown = null;
    try {
      shown = opened(model, { root, theme: { resolved: theme.resolved, toggle: toggleTheme } });
      refill(root, shown.element);
      shown.start();
    } catch (error) {
      shown?.destroy();
      shown = null;
      refill(root, complaint(error));
    }
  };
  const chooseTheme = () => theme.choose(model.get("theme"));
  model.on("change:story", showStory);
  model.on("change:theme", chooseTheme);
  showStory();
  return () => {
    model.off?.("change:story", showStory);
    model.off?.("change:theme", chooseTheme);
    shown?.destroy();
    theme.stop();
    root.remove();
  };
}

/** Returns what shows the model's document, not yet started. */
function opened(model, place) {
  const given = model.get("story");
  const document = typeof given === "string" ? JSON.parse(given) : given;
  if (document?.format === LABORATORY) {
    return createLaboratory(document, (story) => new Shell(story, place));
  }
  if (document?.format !== STORY_FORMAT || document.version !== STORY_VERSION) {
    const found = `${document?.format ?? "no document"}, version ${document?.version ?? "unknown"}`;
    throw new TypeError(`It is "${found}"; this stepper reads "${STORY_FORMAT}, version ${STORY_VERSION}".`);
  }
  const shell = new Shell(document, place);
  place.root.setAttribute("aria-label", document.title ? `Stepper: ${document.title}` : "Stepper");
  shell.sync = keepInStep(shell.session, model);
  return shell;
}

function complaint(error) {
  return make(
    "div",
    { class: "al-complaint", role: "alert" },
    make("strong", { text: "This story cannot be shown." }),
    make("p", { text: String(error?.message ?? error) }),
    make("p", {
      text: "It may be broken, or written by another version of autograd-lite: write it again with this one.",
    }),
  );
}

export default { render };
