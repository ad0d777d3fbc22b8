// What the keys do, while the stepper has the focus. The help dialog is written from the same table.

const NATIVE = new Set(["BUTTON", "SUMMARY", "A", "INPUT"]); // Space and Enter are theirs
const TYPED = new Set(["INPUT", "SELECT", "TEXTAREA"]);

/** [keys, how the help writes them, what they do, the name of the action] */
export const KEYS = [
  [["ArrowRight"], "→", "one event forward", "next"],
  [["ArrowLeft"], "←", "one event back", "previous"],
  [["Home"], "Home", "to the beginning", "first"],
  [["End"], "End", "to the end", "last"],
  [["PageDown"], "Page down", "to the next phase", "nextPhase"],
  [["PageUp"], "Page up", "to this phase's start, or the previous phase", "previousPhase"],
  [[" "], "Space", "play or pause", "play"],
  [["f"], "f", "to the forward pass", "forward"],
  [["s"], "s", "to the seed, where the reverse sweep starts", "seed"],
  [["b"], "b", "to the backward pass", "backward"],
  [["u"], "u", "to the update of the parameters", "update"],
  [[">"], ">", "to the next chapter", "nextChapter"],
  [["<"], "<", "to the previous chapter", "previousChapter"],
  [["n"], "n", "to the next event of the selected value", "nextOf"],
  [["p"], "p", "to the previous event of the selected value", "previousOf"],
  [["o"], "o", "open what uses the selected value; then, go there", "outputs"],
  [["i"], "i", "open what the selected value is made of; then, go there", "inputs"],
  [["["], "[", "close the piece around the selection, or the selected piece", "collapse"],
  [["]"], "]", "open the selected piece", "expand"],
  [["."], ".", "focus: only what is within two arrows of the selection; again, or Esc: everything", "focus"],
  [["/"], "/", "find a value by name", "find"],
  [["t"], "t", "predict: you are asked for each number; Enter answers, → skips; again, or Esc: no question", "predict"],
  [["Enter"], "Enter", "select the value that changed last; the root at the beginning", "select"],
  [["z"], "z", "fit the graph into its frame: as much as can be read, or all of it", "fit"],
  [["Escape"], "Esc", "clear selection, focus and what-if", "clear"],
  [["?"], "?", "this list", "help"],
];

const ACTIONS = new Map(KEYS.flatMap(([keys, , , action]) => keys.map((key) => [key, action])));

/**
 * Returns a listener for keydown. What it takes goes no further: notebooks have keys of their own.
 *
 * @param {Object<string, function(): void>} actions by the names of the table
 */
export function keyListener(actions) {
  return (event) => {
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return;
    const { target } = event;
    const typed = TYPED.has(target.tagName) && !["checkbox", "radio"].includes(target.type);
    if (typed) event.stopPropagation();
    if (typed && event.key !== "Escape") return;
    if (target.closest("dialog") && event.key !== "?") return;
    if ((event.key === " " || event.key === "Enter") && NATIVE.has(target.tagName)) return;
    const action = actions[ACTIONS.get(event.key)];
    if (!action) return;
    event.preventDefault();
    event.stopPropagation();
    if (typed) event.currentTarget.focus({ preventScroll: true });
    action();
  };
}
