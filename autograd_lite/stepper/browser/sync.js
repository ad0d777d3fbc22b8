// Position and selection, kept the same here and in the kernel.

const PATIENCE = 120; // milliseconds: while somebody drags or plays, the kernel hears now and then

/**
 * Keeps a session and a model in step, both ways. A number that comes back from where it was sent changes nothing.
 *
 * @param {Session} session
 * @param {object} model anywidget's
 * @returns {{start: function, stop: function}}
 */
export function keepInStep(session, model) {
  let timer = 0;
  const send = () => {
    timer = 0;
    const { position } = session.player;
    if (model.get("position") === position && model.get("selected") === session.selected) return;
    model.set("position", position);
    model.set("selected", session.selected);
    model.save_changes();
  };
  const changedHere = () => {
    if (!timer) timer = setTimeout(send, PATIENCE);
  };
  const positionThere = () => {
    const position = model.get("position");
    if (!Number.isInteger(position) || position === session.player.position) return;
    session.pause();
    session.go(position);
  };
  const selectedThere = () => {
    const line = model.get("selected");
    if (Number.isInteger(line) && line !== session.selected) session.select(line);
  };
  const start = () => {
    positionThere();
    selectedThere();
    model.on("change:position", positionThere);
    model.on("change:selected", selectedThere);
    session.listeners.add(changedHere);
  };
  const stop = () => {
    if (timer) {
      clearTimeout(timer);
      send();
    }
    session.listeners.delete(changedHere);
    model.off?.("change:position", positionThere);
    model.off?.("change:selected", selectedThere);
  };
  return { start, stop };
}
