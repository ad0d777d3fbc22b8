// Elements, made without markup: text is always textContent, so that a hostile name stays a name.

const SVG = "http://www.w3.org/2000/svg";

/**
 * Returns an HTML element.
 *
 * @param {string} tag
 * @param {Object} attributes `text` becomes the text, `on` a table of listeners; true is an empty attribute, and false,
 *     null and undefined are no attribute.
 * @param {...(Node|string|null)} children
 */
export function make(tag, attributes = {}, ...children) {
  return dressed(document.createElement(tag), attributes, children);
}

/** Returns an SVG element; see `make`. */
export function makeShape(tag, attributes = {}, ...children) {
  return dressed(document.createElementNS(SVG, tag), attributes, children);
}

function dressed(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (name === "text") element.textContent = value;
    else if (name === "on")
      for (const [kind, listener] of Object.entries(value)) element.addEventListener(kind, listener);
    else if (value !== false && value !== null && value !== undefined) setAttribute(element, name, value);
  }
  element.append(...children.filter((child) => child !== null && child !== undefined));
  return element;
}

/** Sets an attribute only where it changes, which spares the browser work; null and false remove it. */
export function setAttribute(element, name, value) {
  if (value === null || value === undefined || value === false) {
    if (element.hasAttribute(name)) element.removeAttribute(name);
    return;
  }
  const text = value === true ? "" : String(value);
  if (element.getAttribute(name) !== text) element.setAttribute(name, text);
}

/** Sets the text of an element only where it changes. */
export function setText(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

/** Replaces everything in an element. */
export function refill(element, ...children) {
  element.replaceChildren(...children.filter((child) => child !== null && child !== undefined));
}

/** Returns a function that says whether any of its arguments is another one than at its last call. */
export function createMemo() {
  let last = null;
  return (...inputs) => {
    const same =
      last !== null && inputs.length === last.length && inputs.every((input, i) => Object.is(input, last[i]));
    last = inputs;
    return !same;
  };
}

/** Returns a button; `pressed` makes it a toggle. */
export function makeButton(label, listener, { icon = null, title = "", pressed = null, className = "" } = {}) {
  const button = make("button", { type: "button", class: `al-button ${className}`.trim(), on: { click: listener } });
  if (icon) button.append(icon);
  if (icon && title) button.setAttribute("aria-label", label);
  else button.append(make("span", { text: label }));
  if (title) button.title = title;
  if (pressed !== null) button.setAttribute("aria-pressed", String(pressed));
  return button;
}

/** Returns a panel: a heading that opens and closes what is under it. */
export function makePanel(title, { open = true, className = "" } = {}) {
  const body = make("div", { class: "al-panel-body" });
  const heading = make("h2", { class: "al-heading", text: title });
  const note = make("span", { class: "al-heading-note" });
  const element = make(
    "details",
    { class: `al-panel ${className}`.trim(), open },
    make("summary", { class: "al-summary" }, heading, note),
    body,
  );
  return { element, body, heading, note };
}

/** Returns rows of a label and what it says, as a description list, and the cells to be filled. */
export function makeFacts(labels) {
  const cells = labels.map(() => make("dd", { class: "al-number" }));
  const rows = labels.map((label, i) => make("div", { class: "al-fact" }, make("dt", { text: label }), cells[i]));
  return { element: make("dl", { class: "al-facts" }, ...rows), cells, rows };
}
