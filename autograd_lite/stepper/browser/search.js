// Finding a line or a piece of a graph by what it is called.

const MOST_FOUND = 50;

/** Returns a piece's name after those of the pieces around it, "mlp.layer0.neuron2". */
export function pathOfPiece(graph, piece) {
  const names = [];
  for (let at = piece; at >= 0; at = graph.pieces[at].parent) names.push(graph.pieces[at].name);
  return names.reverse().join(".");
}

/**
 * Returns what has a text in its name, its v-number, its operation or its path, best first: what equals the text, what
 * begins with it, what contains it. Parts of a name, between its dots, count as names.
 *
 * @param {Folding} folding
 * @param {string} text upper and lower case are the same.
 * @returns {{id: string, line: number|null, piece: number|null, label: string}[]} at most 50; `id` is the node that
 *     shows it now.
 */
export function findIn(folding, text) {
  const wanted = text.trim().toLowerCase();
  if (!wanted) return [];
  const { graph } = folding;
  const found = [[], [], []];
  const add = (rank, result) => {
    if (found[rank].length < MOST_FOUND) found[rank].push(result);
  };
  for (const { index } of graph.pieces) {
    const path = pathOfPiece(graph, index);
    const rank = rankOf(wanted, [path, graph.pieces[index].name]);
    if (rank !== null) add(rank, () => ({ id: idOfPiece(folding, index), line: null, piece: index, label: path }));
  }
  for (let line = 0; line < graph.size && found[0].length < MOST_FOUND; line++) {
    const rule = graph.rule(line);
    const rank = rankOf(wanted, [graph.givenName(line), `v${line}`, ...(rule ? [rule.name, rule.sign] : [])]);
    if (rank !== null) add(rank, () => ({ id: folding.idOf(line), line, piece: null, label: labelOf(graph, line) }));
  }
  return found
    .flat()
    .slice(0, MOST_FOUND)
    .map((result) => result());
}

/** 0: a text is what is wanted, or its last part is; 1: it or one of its parts begins so; 2: it has it; else null. */
function rankOf(wanted, texts) {
  const ranks = texts.map((text) => {
    const parts = `.${text.toLowerCase()}`;
    return parts.endsWith(`.${wanted}`) ? 0 : parts.includes(`.${wanted}`) ? 1 : parts.includes(wanted) ? 2 : 3;
  });
  const best = Math.min(...ranks);
  return best < 3 ? best : null;
}

/** Returns the id of the closed piece that a piece is drawn in; an open one's own id, which its frame has. */
function idOfPiece(folding, piece) {
  const drawn = folding.drawnAs()[piece];
  return `s${drawn < 0 ? piece : drawn}`;
}

/** Returns "w (v3)", "tanh v12" or "v5", and where it is: "in mlp.layer0". */
function labelOf(graph, line) {
  const given = graph.givenName(line);
  const rule = graph.rule(line);
  const what = [rule ? rule.name : "", given || (graph.isConstant(line) ? graph.name(line) : ""), `v${line}`];
  const home = graph.home(line);
  return [...what.filter(Boolean), ...(home < 0 ? [] : [`in ${pathOfPiece(graph, home)}`])].join(" ");
}
