// A story's pages as they will be printed, and what can be taken home of them.

import { sentence } from "../core/words.js";
import { h } from "./dom.js";
import { icon } from "./icons.js";

const FORMATS = [
  { format: "pages", label: "Pages", icon: "picture" },
  { format: "pdf", label: "PDF", icon: "book" },
  { format: "cbz", label: "CBZ", icon: "book" },
  { format: "zip", label: "All panels", icon: "save" },
];

/** Shows `pages`, a list of picture URLs; asks for "save" with the format in `detail`. */
export class PageSheet extends HTMLElement {
  #pages = [];
  #at = 0;

  connectedCallback() {
    if (this.sheet) return;
    this.sheet = h("div.paper");
    this.counter = h("span.counter", { role: "status" });
    const turn = (by, name, label) =>
      h(
        "button.tool",
        { type: "button", "aria-label": label, title: label, on: { click: () => this.#turn(by) } },
        icon(name),
      );
    this.turner = h(
      "div.turner",
      {},
      turn(-1, "undo", "Page before"),
      this.counter,
      turn(1, "redo", "Next page"),
    );
    this.saves = FORMATS.map(({ format, label, icon: name }) =>
      h(
        "button.tool.labelled",
        {
          type: "button",
          on: { click: () => this.dispatchEvent(new CustomEvent("save", { detail: format })) },
        },
        icon(name),
        label,
      ),
    );
    this.message = h("p.facts", { role: "status" });
    this.append(
      h(
        "div.tools",
        { role: "toolbar", "aria-label": "Take it home" },
        this.saves,
        h("span.gap"),
        this.turner,
      ),
      h("div.table", {}, this.sheet),
      this.message,
    );
    this.#paint();
  }

  set invitation(element) {
    this.hollow = element;
    this.#paint();
  }

  get pages() {
    return this.#pages;
  }

  set pages(pages) {
    this.#pages = pages;
    this.#at = Math.min(this.#at, Math.max(pages.length - 1, 0));
    this.#paint();
  }

  say(text) {
    this.message.textContent = sentence(text);
  }

  #turn(by) {
    this.#at = (this.#at + by + this.#pages.length) % this.#pages.length;
    this.#paint();
  }

  #paint() {
    if (!this.sheet) return;
    const url = this.#pages[this.#at];
    for (const save of this.saves) save.disabled = !url;
    this.turner.hidden = this.#pages.length < 2;
    this.counter.textContent = `${this.#at + 1} of ${this.#pages.length}`;
    const shown = this.sheet.querySelector("img");
    if (url && shown)
      shown.src = url; // without a blink
    else
      this.sheet.replaceChildren(
        url
          ? h("img", { src: url, alt: `Page ${this.#at + 1}, as it will be printed` })
          : (this.hollow ?? ""),
      );
    this.sheet.classList.toggle("blank", !url);
  }
}

customElements.define("page-sheet", PageSheet);
