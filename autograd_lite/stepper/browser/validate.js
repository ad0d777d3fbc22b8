/** Whether a document is what document.py describes: looked at once, in time linear in its length. */

const NEEDED_PHRASES = "slope slope_operand forward seed seed_earlier back term of_earlier_passes contribution "
  + "contributions update waits";
const CODES = new Map([["f", 2], ["s", 4], ["u", 4], ["b", 8]]); // letter of an event -> how long its row is
const WORDS = new Set(["x", "y", "c", "out", "pi", "inf", "-inf", "nan"]);
const HEADS = new Set("call neg if not and or + - * / ** < <= > >= == !=".split(" "));
const LETTERS_OF_RULES = new Set(["x", "y", "c"]);

/**
 * Looks through a story's document.
 * @param {object} document parsed JSON, of the right format and version
 * @throws {TypeError} it is not as described; the message says where
 */
export function validate(document) {
  const { phrases, rules, graphs, chapters } = document;
  need(isTable(phrases), "phrases", "a table of texts");
  for (const key of NEEDED_PHRASES.split(" ")) need(isText(phrases[key]), `phrases.${key}`, "a text");
  need(isTable(document.functions), "functions", "a table of functions");
  for (const [name, { letters, value } = {}] of Object.entries(document.functions)) {
    need(isList(letters) && isTree(value), `functions.${name}`, "letters and a formula");
  }
  listed(rules, "rules").forEach((rule, i) => checkRule(rule, `rules[${i}]`));
  listed(graphs, "graphs").forEach((graph, i) => checkGraph(graph, rules, `graphs[${i}]`));
  need(listed(chapters, "chapters").length > 0, "chapters", "a list of at least one chapter");
  chapters.forEach((chapter, i) => {
    const where = `chapters[${i}]`;
    need(isTable(chapter), where, "a chapter");
    checkWhole(chapter.graph, 0, graphs.length - 1, `${where}.graph`);
    checkChapter(chapter, graphs[chapter.graph], rules, where);
  });
  const { curves = [], plane = null, compare = null } = document;
  listed(curves, "curves").forEach((curve, i) => {
    need(isTable(curve) && listed(curve.values, `curves[${i}].values`), `curves[${i}]`, "a curve");
  });
  need(plane === null || (isTable(plane) && isList(plane.scores) && isList(plane.points)), "plane", "a plane or null");
  need(compare === null || (isTable(compare) && isList(compare.titles) && isTable(compare.story)), "compare", "a pair");
}

function checkRule(rule, where) {
  need(isTable(rule), where, "a rule");
  for (const key of ["name", "sign", "text", "remedy"]) need(isText(rule[key]), `${where}.${key}`, "a text");
  const { letters, partials, lone = null, math, domain = null } = rule;
  need(isList(letters) && letters.every((one) => LETTERS_OF_RULES.has(one)), `${where}.letters`, "a list of letters");
  need(isList(partials) && partials.length <= letters.length, `${where}.partials`, "a list of partials");
  need(lone === null || (isList(lone) && lone.length === partials.length), `${where}.lone`, "null or as many partials");
  [rule.value, domain, ...partials, ...(lone ?? [])].forEach((tree) => need(isTree(tree), where, "made of formulas"));
  need(isTable(math) && math.partials?.length === partials.length, `${where}.math`, "formulas");
}

function isTree(tree) {
  if (tree === null || typeof tree === "number" || WORDS.has(tree)) return true;
  if (!isList(tree) || !HEADS.has(tree[0])) return false;
  return tree.slice(tree[0] === "call" ? 2 : 1).every((part) => part !== null && isTree(part));
}

function checkGraph(graph, rules, where) {
  need(isTable(graph), where, "a graph");
  const ruleOf = listed(graph.rules, `${where}.rules`), operands = listed(graph.operands, `${where}.operands`);
  const size = ruleOf.length;
  let at = 0;
  ruleOf.forEach((rule, line) => {
    checkWhole(rule, -2, rules.length - 1, `${where}.rules[${line}]`);
    const stop = at + (rules[rule]?.letters.length ?? 0);
    for (; at < stop; at += 1) checkWhole(operands[at], 0, line - 1, `${where}.operands[${at}], of line ${line},`);
  });
  need(at === operands.length, `${where}.operands`, `a list of ${at}`);
  checkWhole(graph.root, 0, size - 1, `${where}.root`);
  need(isText(graph.letter), `${where}.letter`, "a text");
  for (const key of ["names", "shortened"]) checkPairs(graph[key], size, `${where}.${key}`, isText);
  checkEach(graph.parameters, 0, size - 1, `${where}.parameters`);
  const pieces = listed(graph.pieces, `${where}.pieces`), home = listed(graph.home, `${where}.home`);
  pieces.forEach((piece, i) => {
    need(isList(piece) && isText(piece[0]), `${where}.pieces[${i}]`, "a piece");
    checkWhole(piece[1], -1, i - 1, `${where}.pieces[${i}], its parent,`); // parents first: so none is inside itself
  });
  need(home.length === size, `${where}.home`, `a list of ${size}`);
  checkEach(home, -1, pieces.length - 1, `${where}.home`);
  const sources = listed(graph.sources, `${where}.sources`), spots = listed(graph.spots, `${where}.spots`);
  for (const [i, source] of sources.entries()) need(isList(source?.text), `${where}.sources[${i}]`, "lines of a file");
  for (const [i, spot] of spots.entries()) checkWhole(spot?.[0], 0, sources.length - 1, `${where}.spots[${i}]`);
  checkEach(graph.spot, -1, spots.length - 1, `${where}.spot`);
}

function checkChapter(chapter, graph, rules, where) {
  const size = graph.rules.length;
  need(isNumber(chapter.seed), `${where}.seed`, "a number");
  for (const key of ["numbers", "earlier", "updates"]) checkPairs(chapter[key], size, `${where}.${key}`, isNumber);
  checkPairs(chapter.partials, graph.operands.length, `${where}.partials`, isNumber);
  for (const [i, finding] of listed(chapter.findings, `${where}.findings`).entries()) {
    need(isList(finding?.lines), `${where}.findings[${i}]`, "a finding");
    for (const line of finding.lines) checkWhole(line, 0, size - 1, `${where}.findings[${i}], its line,`);
  }
  need(chapter.events !== undefined, `${where}.events`, "null or a list of events");
  (chapter.events === null ? [] : listed(chapter.events, `${where}.events`)).forEach((row, i) => {
    const here = `${where}.events[${i}]`;
    need(isList(row) && CODES.get(row[0]) === row.length, here, "an event");
    checkWhole(row[1], 0, size - 1, `${here}, its line,`);
    const rule = rules[graph.rules[row[1]]];
    if (row[0] === "f" || row[0] === "b") need(rule !== undefined, here, "of an operation");
    if (row[0] !== "b") return;
    checkWhole(row[2], 0, rule.partials.length - 1, `${here}, its position,`);
    checkWhole(row[3], 0, size - 1, `${here}, its operand,`);
  });
}

function checkPairs(flat, size, where, isRight) {
  need(listed(flat, where).length % 2 === 0, where, "a list of pairs");
  for (let i = 0; i < flat.length; i += 2) {
    checkWhole(flat[i], 0, size - 1, `${where}[${i}]`);
    need(isRight(flat[i + 1]), `${where}[${i + 1}]`, "right");
  }
}

function listed(found, where) {
  need(isList(found), where, "a list");
  return found;
}

function checkWhole(number, least, most, where) {
  need(Number.isInteger(number) && number >= least && number <= most, where, `from ${least} to ${most}`, number);
}

function checkEach(numbers, least, most, where) {
  listed(numbers, where).forEach((number, i) => checkWhole(number, least, most, `${where}[${i}]`));
}

function need(holds, where, what, found) {
  if (holds) return;
  const instead = found === undefined ? "" : `: it is ${JSON.stringify(found)}`.slice(0, 60);
  throw new TypeError(`Of the document, ${where} is not ${what}${instead}.`);
}

function isList(found) {
  return Array.isArray(found);
}

function isTable(found) {
  return typeof found === "object" && found !== null && !Array.isArray(found);
}

function isText(found) {
  return typeof found === "string";
}

function isNumber(found) {
  return typeof found === "number" || ["nan", "inf", "-inf"].includes(found);
}
