// The ledger of a gradient: every contribution that makes its sum, each a way to its event.

import { partnersOf } from "./differing.js";
import { createMemo, make, makePanel, refill, setText } from "./dom.js";
import { fenced, figure } from "./numbers.js";
import { isAsked } from "./shown.js";
import { slope } from "./telling.js";
import { UNDEFINED } from "./undefined.js";

const MOST = 50;

/** Returns the ledger of the selected line's gradient, or of the one that the last event changed, in a track. */
export function createLedgerPanel({ session, titles }, index = 0) {
  const track = session.tracks[index];
  const panel = makePanel("Gradient ledger", { className: "al-ledger" });
  const memo = createMemo();
  const update = () => {
    const { player } = track;
    const line = subject(session, track);
    const arrived = line < 0 ? 0 : player.progress(line)[0];
    const asked = isAsked(session, track);
    const adjoint = line < 0 ? undefined : player.adjoint(line);
    const { imagined } = session;
    if (!memo(player.chapter, line, arrived, asked, adjoint, session.selected, imagined)) return;
    setText(panel.heading, line < 0 ? "Gradient ledger" : `Ledger of ${nameOfGradient(player, line)}`);
    const which = line >= 0 && session.selected < 0 ? "changed last" : "";
    const kind = imagined && line >= 0 ? "imagined numbers" : which;
    setText(panel.note, [titles[index], kind].filter(Boolean).join(", "));
    refill(
      panel.body,
      ...(line < 0 ? [quietNote("Select a value to see how its gradient adds up.")] : book(session, track, line, asked)),
    );
  };
  return { element: panel.element, update };
}

function subject(session, { player }) {
  const { graph } = player.chapter;
  const own = session.player.chapter.graph;
  const isForeign = graph !== own && session.selected >= 0;
  const selected = isForeign ? (partnersOf(own, graph)(session.selected) ?? -1) : session.selected;
  if (selected >= 0 && selected < graph.size) return graph.isConstant(selected) ? -1 : selected;
  return player.event && ["seed", "backward"].includes(player.event.kind) ? player.event.changed : -1;
}

function nameOfGradient({ story, chapter }, line) {
  return slope(story.phrases, chapter, line);
}

function quietNote(text) {
  return make("p", { class: "al-quiet", text });
}

function book(session, track, line, asked) {
  const { imagined } = session;
  const { player } = track;
  const { graph } = player.chapter;
  const ledger = imagined ? imaginedLedger(session, line) : player.ledger(line);
  const waiting = asked && player.event.changed === line;
  const entries = waiting && player.event.kind === "backward" ? ledger.entries.slice(0, -1) : ledger.entries;
  if (!ledger.expected && line === graph.root) return rootBook(ledger.gradient, waiting);
  if (!ledger.expected)
    return [quietNote(`Nothing uses ${player.chapter.name(line)} on a way to ${graph.letter}: no gradient arrives.`)];
  const head = make(
    "tr",
    {},
    ...["from", "local × upstream", "adds"].map((text) => make("th", { scope: "col", text })),
  );
  const rows = entries.slice(0, MOST).map(([index, event]) => entryRow(session, track, index, event));
  const foot = [];
  if (entries.length > MOST) foot.push(restRow(entries.slice(MOST)));
  if (ledger.earlier !== undefined && ledger.earlier !== null)
    foot.push(sumRow("from earlier passes", figure(ledger.earlier)));
  const left = ledger.expected - entries.length;
  if (left > 0) foot.push(sumRow(`${left} still to come`, waiting ? "?" : "…"));
  const sum = ledger.gradient;
  const total = isMissing(sum) ? "–" : numberInWords(session, sum, figure);
  foot.push(sumRow(left ? "sum so far" : "sum", waiting ? "?" : total, "al-sum"));
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

/** The ledger of a line whose leaves have other numbers: all contributions of that pass, and no earlier one. */
function imaginedLedger({ imagined, player }, line) {
  const { chapter, story, chapterIndex } = player;
  const entries = Array.from(chapter.contributions(line), (index) => {
    const event = chapter.event(index);
    const numbers = { local: imagined.partials[event.edge], upstream: imagined.adjoints[event.line] };
    return [story.starts[chapterIndex] + index, { ...event, ...numbers }];
  });
  const gradient = imagined.hasAdjoint[line] ? imagined.adjoints[line] : undefined;
  return { line, earlier: undefined, entries, expected: entries.length, gradient };
}

function rootBook(seed, waiting) {
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

/** Returns a number as it is shown: of what is imagined outside a domain there is none. */
function numberInWords({ imagined }, number, write) {
  return Number.isNaN(number) && imagined?.outside.length ? UNDEFINED : write(number);
}

function entryRow(session, track, index, event) {
  const written = (number, write) => numberInWords(session, number, write);
  const name = track.player.chapter.name(event.line);
  const ahead = session.first[0] - session.first[session.tracks.indexOf(track)]; // of this track
  const go = make("button", {
    type: "button",
    class: "al-link",
    text: name,
    title: `go to this event (${index + 1})`,
    "aria-label": `from ${name}: go to event ${index + 1}`,
    on: { click: () => session.go(index + 1 + ahead) },
  });
  return make(
    "tr",
    { class: track.player.position === index + 1 ? "al-now" : "" },
    make("th", { scope: "row" }, go),
    make("td", { class: "al-number", text: `${written(event.local, fenced)} × ${written(event.upstream, fenced)}` }),
    make("td", { class: "al-number", text: written(event.local * event.upstream, figure) }),
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
