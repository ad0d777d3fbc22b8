// A field for a number, and what it says of what is none.

import { make, setAttribute, setText } from "./dom.js";

let made = 0; // fields on this page: each message has an id of its own

/** Returns a field, its message, and `read()`: the number in it, or null where there is none, which is then said. */
export function createNumberField(attributes) {
  const id = `al-message-${(made += 1)}`;
  const field = make("input", { class: "al-field", type: "text", inputmode: "decimal", ...attributes });
  const message = make("p", { class: "al-message", id, role: "alert", hidden: true });
  const say = (text) => {
    setText(message, text);
    message.hidden = text === "";
    setAttribute(field, "aria-invalid", text ? "true" : null);
    setAttribute(field, "aria-describedby", text ? id : null);
  };
  const read = () => {
    const text = field.value.trim();
    const number = text === "" ? NaN : Number(text.replace("−", "-"));
    const what = text ? `“${text}” is no number.` : "There is no number yet.";
    say(Number.isNaN(number) ? `${what} Write one like -1.5 or 2e-3.` : "");
    return Number.isNaN(number) ? null : number;
  };
  const write = (text) => {
    field.value = text;
    say("");
  };
  return { field, message, read, write };
}
