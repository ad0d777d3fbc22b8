// The ledger of a gradient: every contribution that makes its sum, each a way to its event.

import { createMemo, make, makePanel, refill, setText } from "./dom.js";
import { fenced, figure } from "./numbers.js";
import { isAsked } from "./shown.js";
import { slope } from "./telling.js";

const MOST = 50;

/** Returns the ledger of the selected line's gradient, or of the one that the last event changed. */
export function createLedgerPanel({ session }) {
  const panel = makePanel("Gradient ledger", { className: "al-ledger" });
  const memo = createMemo();
  const update = () => {
    const { player } = session;
    const line = subject(session);
    const arrived = line < 0 ? 0 : player.progress(line)[0];
    const asked = isAsked(session, session.track);
    const adjoint = line < 0 ? undefined : player.adjoint(line);
    if (!memo(player.chapter, line, arrived, asked, adjoint, session.selected)) return;
    setText(panel.heading, line < 0 ? "Gradient ledger" : `Ledger of ${nameOfGradient(player, line)}`);
    setText(panel.note, line >= 0 && session.selected < 0 ? "changed last" : "");
    refill(
      panel.body,
      ...(line < 0 ? [note("Select a value to see how its gradient adds up.")] : book(session, line, asked)),
    );
  };
  return { element: panel.element, update };
}

function subject({ selected, player }) {
  const { graph } = player.chapter;
  if (selected >= 0 && selected < graph.size) return graph.isConstant(selected) ? -1 : selected;
  return player.event && ["seed", "backward"].includes(player.event.kind) ? player.event.changed : -1;
}

function nameOfGradient({ story, chapter }, line) {
  return slope(story.phrases, chapter, line);
}

function note(text) {
  return make("p", { class: "al-quiet", text });
}

function book(session, line, asked) {
  const { player } = session;
  const { graph } = player.chapter;
  const ledger = player.ledger(line);
  const waiting = asked && player.event.changed === line;
  const entries = waiting && player.event.kind === "backward" ? ledger.entries.slice(0, -1) : ledger.entries;
  if (!ledger.expected && line === graph.root) return rootBook(player, waiting);
  if (!ledger.expected)
    return [note(`Nothing uses ${player.chapter.name(line)} on a way to ${graph.letter}: no gradient arrives.`)];
  const head = make(
    "tr",
    {},
    ...["from", "local × upstream", "adds"].map((text) => make("th", { scope: "col", text })),
  );
  const rows = entries.slice(0, MOST).map(([index, event]) => entryRow(session, index, event));
  const foot = [];
  if (entries.length > MOST) foot.push(restRow(entries.slice(MOST)));
  if (ledger.earlier !== undefined && ledger.earlier !== null)
    foot.push(sumRow("from earlier passes", figure(ledger.earlier)));
  const left = ledger.expected - entries.length;
  if (left > 0) foot.push(sumRow(`${left} still to come`, waiting ? "?" : "…"));
  const sum = ledger.gradient;
  foot.push(sumRow(left ? "sum so far" : "sum", waiting ? "?" : isMissing(sum) ? "–" : figure(sum), "al-sum"));
  const caption = make("caption", { class: "al-hidden", text: `Contributions to ${nameOfGradient(player, line)}` });
  return [
    make(
      "table",
      { class: "al-table" },
      caption,
      make("thead", {}, head),
      make("tbody", {}, ...rows),
      make("tfoot", {}, ...foot),
    ),
  ];
}

function rootBook(player, waiting) {
  const seed = player.adjoint(player.chapter.graph.root);
  const text = isMissing(seed)
    ? "It is the root: the seed will start it."
    : "It is the root: its gradient is the seed,";
  return [
    make(
      "p",
      {},
      text,
      isMissing(seed) ? null : make("strong", { class: "al-number", text: ` ${waiting ? "?" : figure(seed)}` }),
    ),
  ];
}

function isMissing(number) {
  return number === undefined || number === null;
}

function entryRow(session, index, event) {
  const name = session.player.chapter.name(event.line);
  const go = make("button", {
    type: "button",
    class: "al-link",
    text: name,
    title: `go to this event (${index + 1})`,
    "aria-label": `from ${name}: go to event ${index + 1}`,
    on: { click: () => session.go(index + 1) },
  });
  return make(
    "tr",
    { class: session.player.position === index + 1 ? "al-now" : "" },
    make("th", { scope: "row" }, go),
    make("td", { class: "al-number", text: `${fenced(event.local)} × ${fenced(event.upstream)}` }),
    make("td", { class: "al-number", text: figure(event.local * event.upstream) }),
  );
}

function restRow(rest) {
  const sum = rest.reduce((total, [, event]) => total + event.local * event.upstream, 0);
  return sumRow(`${rest.length.toLocaleString("en")} more contributions, together`, figure(sum));
}

function sumRow(label, text, className = "") {
  return make(
    "tr",
    { class: className },
    make("th", { scope: "row", colspan: 2, text: label }),
    make("td", { class: "al-number", text }),
  );
}
