// What the reader is looking at, without the page: positions, selection, folding, playing, imagining.

const FAST = 600; // frames in which "fast" plays everything
export const CHAPTER = "chapter"; // the speed of one chapter per second

/**
 * All that can change while somebody reads, and the only ways to change it. Every change is told to the listeners.
 *
 * @param {Track[]} tracks one, or two to be compared; the first is the one that panels show
 * @param {number[]} first for two tracks: the index of the first event that differs, in each
 */
export class Session {
  constructor(tracks, first = null) {
    this.tracks = tracks;
    this.first = first ?? [0, 0];
    this.listeners = new Set();
    this.selected = -1;
    this.selectedPiece = -1;
    this.following = tracks[0].story.chapters[0].graph.size <= 2000;
    this.playing = false;
    this.speed = 4;
    this.imagined = this.quiz = null;
    this.timer = 0;
  }

  get track() {
    return this.tracks[0];
  }

  get player() {
    return this.track.player;
  }

  get folding() {
    return this.track.folding;
  }

  /** Tells every listener that something is different now. */
  tell() {
    for (const listener of this.listeners) listener();
  }

  // ---------------------------------------------------------------- moving

  /** Goes to where so many events have happened; the other track keeps its distance. May ask what has happened. */
  go(position, asking = false) {
    const { graph } = this.player.chapter;
    this.player.go(clamp(position, this.track.story.length));
    if (this.player.chapter.graph !== graph) this.#carrySelection(graph);
    const [, other] = this.tracks;
    if (other) other.player.go(clamp(this.player.position - this.first[0] + this.first[1], other.story.length));
    this.imagined = null;
    this.quiz?.close();
    if (this.following) for (const track of this.tracks) track.follow();
    if (asking) this.quiz?.ask(this.player);
    this.tell();
  }

  /** One event forward or back. A question that is open is answered by it, and nothing else happens. */
  step(by) {
    this.pause();
    if (by > 0 && this.quiz?.skip()) return this.tell();
    return this.go(this.player.position + by, by > 0 && this.player.position < this.track.story.length);
  }

  stepOver() {
    this.pause();
    this.go(this.track.over, true);
  }

  toPhase(name) {
    if (this.player.chapter.phases.some((phase) => phase.name === name)) this.#move((player) => player.toPhase(name));
  }

  nextPhase() {
    this.#move((player) => player.nextPhase());
  }

  previousPhase() {
    this.#move((player) => player.previousPhase());
  }

  /** Goes to the next (+1) or previous (-1) event that changes the selected line. */
  along(by) {
    if (this.selected < 0) return;
    this.#move((player) => (by > 0 ? player.nextOf(this.selected) : player.previousOf(this.selected)));
  }

  /** Goes to the first event of a chapter. */
  toChapter(index) {
    const { chapters, starts } = this.track.story, chapter = clamp(index, chapters.length - 1);
    this.go(chapter === 0 ? 0 : starts[chapter] + 1);
  }

  #move(how) {
    this.pause();
    const before = this.player.position, target = how(this.player).position;
    this.player.go(before); // so that `go` sees which graph it leaves
    this.go(target);
  }

  /** Starts or ends following. */
  toggleFollowing() {
    this.following = !this.following;
    for (const track of this.tracks) {
      track.forget();
      if (this.following) track.follow();
    }
    this.tell();
  }

  // ---------------------------------------------------------------- playing

  play() {
    const { length } = this.track.story;
    if (this.playing || length === 0) return;
    this.playing = true;
    if (this.player.position >= length) this.player.go(0);
    this.#tick();
    this.tell();
  }

  pause() {
    if (!this.playing) return;
    this.playing = false;
    clearTimeout(this.timer);
    this.tell();
  }

  togglePlay() {
    if (this.playing) this.pause();
    else this.play();
  }

  #tick() {
    const { length, starts } = this.track.story, fast = this.speed === Infinity;
    const next = () => {
      const there = this.player.position + (fast ? Math.max(1, Math.ceil(length / FAST)) : 1);
      this.go(this.speed === CHAPTER ? (starts[this.player.chapterIndex + 1] ?? length - 1) + 1 : there);
      if (this.player.position >= length) this.pause();
      else if (this.playing) this.#tick();
    };
    this.timer = setTimeout(next, fast ? 16 : 1000 / (Number(this.speed) || 1));
  }

  // ---------------------------------------------------------------- choosing

  /** Selects a line, or nothing with -1. */
  select(line) {
    [this.selected, this.selectedPiece] = [line < this.player.chapter.graph.size ? Math.max(-1, line) : -1, -1];
    this.tell();
  }

  /** Selects what a card shows. */
  selectNode(node) {
    if (node.kind === "piece") this.selectPiece(node.piece);
    else if (node.line !== null && node.line !== undefined) this.select(node.line);
  }

  /** Selects a closed piece. */
  selectPiece(piece) {
    [this.selected, this.selectedPiece] = [-1, piece];
    this.tell();
  }

  /** Selects a line and opens what hides it. */
  reveal(line) {
    for (const track of this.tracks) if (line < track.player.chapter.graph.size) track.folding.reveal(line);
    this.select(line);
  }

  /** The id of the card that is selected, in a track; "" for none. */
  selectedId(track) {
    if (this.selectedPiece >= 0) return track === this.track ? `s${this.selectedPiece}` : "";
    const { graph } = track.player.chapter;
    return this.selected >= 0 && this.selected < graph.size ? track.folding.idOf(this.selected) : "";
  }

  /** Changes what is open through a function of the folding. */
  fold(how) {
    const answer = how(this.folding);
    this.tell();
    return answer;
  }

  /** Closes the innermost open piece around the selection, or the selected one if it is open, and selects it. */
  collapse() {
    const { graph } = this.player.chapter, own = this.selectedPiece;
    const around = own >= 0 && !this.folding.isOpen(own) ? graph.pieces[own].parent : own;
    const piece = this.selected >= 0 ? graph.home(this.selected) : around;
    if (piece < 0) return;
    this.folding.close(piece);
    this.selectPiece(piece);
  }

  /** Opens the selected piece, or those around the selected line. */
  expand() {
    if (this.selectedPiece >= 0) this.folding.open(this.selectedPiece);
    else if (this.selected >= 0) this.folding.reveal(this.selected);
    this.tell();
  }

  /** Shows only what is near the selection; a second time, everything again. Returns the line in the middle, or -1. */
  toggleFocus() {
    const { folding, selectedPiece: piece } = this;
    const line = piece >= 0 ? folding.last[piece] : this.selected;
    const wanted = line < 0 || line === folding.centre ? null : line;
    folding.focus(wanted);
    this.tell();
    return wanted ?? -1;
  }

  /** Drops the selection, the focus, what is imagined, and an open question. */
  clear() {
    this.selected = this.selectedPiece = -1;
    this.imagined = null;
    this.folding.focus(null);
    this.quiz?.close();
    this.tell();
  }

  #carrySelection(graph) {
    const now = this.player.chapter.graph, parameter = graph.parameters.indexOf(this.selected);
    this.selectedPiece = -1;
    if (parameter >= 0) this.selected = now.parameters[parameter] ?? -1;
    else if (this.selected >= now.size) this.selected = -1;
  }

  // ---------------------------------------------------------------- imagining

  /** Shows what every number would be if leaves had other numbers; see Chapter.imagined. */
  imagine(changes) {
    this.imagined = changes.size && this.canImagine ? { changes, ...this.player.chapter.imagined(changes) } : null;
    this.tell();
  }

  /** Whether numbers can be computed again: rules are expressions, and events follow from the graph. */
  get canImagine() {
    return this.player.chapter.canImagine && !this.isStale;
  }

  /** Whether a leaf was changed after the forward pass: then the numbers do not follow from its number. */
  get isStale() {
    return this.player.chapter.findings.some(({ kind }) => kind === "changed");
  }
}

function clamp(position, length) {
  return Math.max(0, Math.min(Math.trunc(position) || 0, length));
}
