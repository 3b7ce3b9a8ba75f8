// Short notes at the edge of the page, which are read out as well; and questions.

import { friendly } from "../core/words.js";
import { h } from "./dom.js";

const STAYS = 6000;

/** Say something that needs no answer. */
export function note(text, kind = "plain") {
  const shown = h("p.note", { data: { kind } }, text);
  document.getElementById("notes").append(shown);
  setTimeout(() => shown.remove(), STAYS);
}

/** Say what a screen reader should say, and nobody need see. */
export function announce(text) {
  const place = document.getElementById("announcer");
  place.textContent = "";
  requestAnimationFrame(() => {
    place.textContent = text;
  });
}

/** A problem as a card that stays until what it is about changes. */
export function problemCard(problem, ...actions) {
  const { title, text, hint } = friendly(problem);
  return h(
    "div.problem",
    { role: "alert" },
    h("strong", {}, title),
    text && h("p", {}, text),
    hint && h("p.hint", {}, hint),
    actions.length > 0 && h("div.row", {}, actions),
  );
}

/** Ask before something is lost; resolves to whether it is to be done. */
export function ask(question, text, verb) {
  return new Promise((resolve) => {
    const done = (answer) => {
      dialog.close();
      dialog.remove();
      resolve(answer);
    };
    const dialog = h(
      "dialog.dialog",
      { "aria-label": question, on: { cancel: () => done(false) } },
      h("h2", {}, question),
      h("p", {}, text),
      h(
        "div.row.end",
        {},
        h("button", { type: "button", on: { click: () => done(false) } }, "Keep it"),
        h("button.primary", { type: "button", on: { click: () => done(true) } }, verb),
      ),
    );
    document.body.append(dialog);
    dialog.showModal();
  });
}
