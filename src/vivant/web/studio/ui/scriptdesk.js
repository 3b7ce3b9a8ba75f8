// A script, as cards or as text, whichever is at hand.

import { MOST_PANELS, parseScript, printScript, troubleOf } from "../core/script.js";
import { mergeScript, newCard } from "../core/story.js";
import { count } from "../core/words.js";
import "./cards.js";
import { h } from "./dom.js";
import { icon } from "./icons.js";
import { note } from "./notes.js";

const HELP = "One panel a line. [NC] leaves the character out, and what follows # is the caption.";

/** Holds `cards`; tells edits as "change", and passes "redo" on with the card in `detail`. */
export class ScriptDesk extends HTMLElement {
  connectedCallback() {
    if (this.list) return;
    this.list = document.createElement("panel-cards");
    this.list.addEventListener("change", () => this.#changed());
    this.list.addEventListener("redo", ({ detail }) =>
      this.dispatchEvent(new CustomEvent("redo", { detail })),
    );
    this.text = h("textarea.script", { rows: 12, maxLength: 10000 });
    this.text.setAttribute("aria-label", "Script, one panel a line");
    this.text.addEventListener("input", () => this.#read());
    this.sheet = h("div.scripted", { hidden: true }, this.text, h("p.help", {}, HELP));
    this.counter = h("span.counter");
    this.toggle = h("button.chip", { type: "button", "aria-pressed": "false" }, "As a script");
    this.toggle.addEventListener("click", () => this.#turn());
    const add = { type: "button", on: { click: () => this.list.add() } };
    this.more = h("button.more", add, icon("add"), "Add a panel");
    this.append(
      h("div.row", {}, h("h2", {}, "Panels"), this.counter, h("span.gap"), this.toggle),
      this.sheet,
      this.list,
      this.more,
    );
    this.addEventListener("paste", (event) => this.#pasted(event));
  }

  get cards() {
    return this.list.cards;
  }

  /** Begin with these panels, or with two empty cards. */
  begin(panels) {
    const shown = panels.length
      ? panels.map((panel) => this.#card(panel))
      : [this.#card(), this.#card()];
    this.show(shown);
  }

  show(cards) {
    this.list.cards = cards;
    this.text.value = printScript(cards);
    this.#changed();
  }

  /** Say at a card that it says nothing yet, and go there. */
  blame(at) {
    if (!this.sheet.hidden) this.#turn();
    this.list.blame(at, troubleOf(this.cards[at]));
  }

  set canRedo(can) {
    this.list.canRedo = can;
  }

  #card(panel) {
    return newCard(this.list.nextId(), panel);
  }

  #changed() {
    this.counter.textContent = `${this.cards.length} of ${MOST_PANELS}`;
    this.dispatchEvent(new Event("change"));
  }

  #turn() {
    const asText = this.sheet.hidden;
    this.toggle.setAttribute("aria-pressed", String(asText));
    this.sheet.hidden = !asText;
    this.list.hidden = asText;
    this.more.hidden = asText;
    if (!asText) return;
    this.text.value = printScript(this.cards);
    this.text.focus();
  }

  #read() {
    this.list.cards = mergeScript(this.cards, parseScript(this.text.value), this.list.nextId);
    this.#changed();
  }

  // Several lines pasted into a card are a script.
  #pasted(event) {
    const panels = parseScript(event.clipboardData?.getData("text/plain") ?? "");
    if (!event.target.closest("panel-cards .line") || panels.length < 2) return;
    event.preventDefault();
    const before = this.cards.filter(({ prompt, image }) => prompt.trim() || image);
    this.list.cards = [...before, ...panels.map((panel) => this.#card(panel))];
    note(`${count(panels.length, "panel")} of the script were added.`);
    this.#changed();
  }
}

customElements.define("script-desk", ScriptDesk);
