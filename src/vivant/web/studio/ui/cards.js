// A story's panels as cards that can be written on, moved, and drawn again one by one.

import { captionOf, moved, troubleOf } from "../core/script.js";
import { isCurrent, newCard } from "../core/story.js";
import { here } from "../net/api.js";
import { h, unique } from "./dom.js";
import { icon } from "./icons.js";
import { announce } from "./notes.js";

/** Shows `cards`; tells edits as "change", and asks for "redo" with the card in `detail`. */
export class PanelCards extends HTMLElement {
  #cards = [];
  #rows = new Map();
  #next = 1;

  connectedCallback() {
    if (this.list) return;
    this.list = h("ol.cards");
    this.append(this.list);
  }

  nextId = () => `card-${Date.now().toString(36)}-${(this.#next += 1)}`;

  get cards() {
    return this.#cards;
  }

  set cards(cards) {
    this.#cards = cards;
    this.#paint();
  }

  add() {
    this.#edit([...this.#cards, newCard(this.nextId())]);
    this.#rows.get(this.#cards.at(-1).id).prompt.focus();
  }

  /** Change what a card holds, from outside: its picture, say. */
  update(id, change) {
    this.#cards = this.#cards.map((card) => (card.id === id ? { ...card, ...change } : card));
    this.#paint();
  }

  /** A card's drawing so far: a picture as a data URI, and which share of its steps is done. */
  growing(id, { preview = null, share = null }) {
    const row = this.#rows.get(id);
    if (!row) return;
    if (preview) row.thumb.replaceChildren(h("img", { src: preview, alt: "" }));
    row.bar.hidden = share === null || share >= 1;
    row.bar.value = share ?? 0;
    row.item.classList.toggle("working", share !== null && share < 1);
  }

  settle() {
    for (const row of this.#rows.values()) {
      row.bar.hidden = true;
      row.item.classList.remove("working");
      row.shown = undefined;
    }
    this.#paint();
  }

  #edit(cards) {
    this.#cards = cards;
    this.#paint();
    this.dispatchEvent(new Event("change"));
  }

  #write(id, change) {
    this.#cards = this.#cards.map((card) => (card.id === id ? { ...card, ...change } : card));
    this.#fill(
      this.#rows.get(id),
      this.#cards.find((card) => card.id === id),
    );
    this.dispatchEvent(new Event("change"));
  }

  #paint() {
    if (!this.list) return;
    const rows = this.#cards.map((card) => {
      const row = this.#rows.get(card.id) ?? this.#row(card.id);
      this.#rows.set(card.id, row);
      return row;
    });
    for (const [id, row] of this.#rows) if (!rows.includes(row)) this.#rows.delete(id);
    const items = rows.map(({ item }) => item);
    // Rows that stay are not taken out: focus and carets stay where they are.
    if (
      items.some((item, at) => this.list.children[at] !== item) ||
      this.list.children.length !== items.length
    ) {
      const focused = document.activeElement;
      this.list.replaceChildren(...items);
      if (this.contains(focused)) focused.focus();
    }
    rows.forEach((row, at) => {
      row.number.textContent = String(at + 1);
      row.grip.setAttribute("aria-label", `Move panel ${at + 1} with the arrow keys, or drag it`);
      this.#fill(row, this.#cards[at]);
    });
  }

  #row(id) {
    const row = {
      number: h("span.number"),
      thumb: h("div.thumb"),
      bar: h("progress", { max: 1, hidden: true, "aria-label": "This panel" }),
    };
    const [prompt, caption] = [unique("prompt"), unique("caption")];
    row.prompt = h("textarea", {
      id: prompt,
      rows: 1,
      maxLength: 2000,
      placeholder: "What this panel shows",
    });
    row.prompt.addEventListener("input", () =>
      this.#write(id, { prompt: row.prompt.value.replace(/\n/g, " ") }),
    );
    row.prompt.addEventListener("keydown", (event) => {
      if (event.key === "Enter" && !event.ctrlKey && !event.metaKey) {
        event.preventDefault();
        this.#after(id);
      }
    });
    row.caption = h("input", { id: caption, maxLength: 2000 });
    row.caption.addEventListener("input", () =>
      this.#write(id, { caption: row.caption.value || null }),
    );
    row.nobody = h("input", { type: "checkbox" });
    row.nobody.addEventListener("change", () =>
      this.#write(id, { character: !row.nobody.checked }),
    );
    row.silent = h("input", { type: "checkbox" });
    row.silent.addEventListener("change", () =>
      this.#write(id, { caption: row.silent.checked ? "" : null }),
    );
    row.grip = h("button.grip", { type: "button" }, icon("grip"));
    row.grip.addEventListener("keydown", (event) => this.#gripKey(event, id));
    row.grip.addEventListener("pointerdown", (event) => this.#grab(event, id));
    row.verb = h("span");
    row.again = h(
      "button.tool.small.again",
      {
        type: "button",
        on: {
          click: () => this.dispatchEvent(new CustomEvent("redo", { detail: this.#card(id) })),
        },
      },
      icon("again"),
      row.verb,
    );
    const tool = (name, label, action) =>
      h(
        "button.tool.small",
        { type: "button", "aria-label": label, title: label, on: { click: action } },
        icon(name),
      );
    row.item = h(
      "li.card",
      {},
      h("div.edge", {}, row.grip, row.number),
      h("div.shown", {}, row.thumb, row.bar),
      h(
        "div.words",
        {},
        h("label.hidden", { for: prompt }, "What this panel shows"),
        row.prompt,
        h("label.hidden", { for: caption }, "Caption"),
        row.caption,
        h(
          "div.row.options",
          {},
          h("label.check", {}, row.nobody, "No character"),
          h("label.check", {}, row.silent, "No caption"),
          h(
            "span.actions",
            {},
            row.again,
            tool("copy", "Duplicate this panel", () => this.#copy(id)),
            tool("trash", "Remove this panel", () => this.#remove(id)),
          ),
        ),
      ),
    );
    return row;
  }

  #fill(row, card) {
    if (row.prompt.value !== card.prompt) row.prompt.value = card.prompt;
    const words = card.caption ?? "";
    if (row.caption.value !== words) row.caption.value = words;
    row.caption.disabled = card.caption === "";
    row.caption.placeholder =
      card.caption === ""
        ? "no caption"
        : `Caption: ${captionOf({ ...card, caption: null }) || "as above"}`;
    row.nobody.checked = !card.character;
    row.silent.checked = card.caption === "";
    row.prompt.toggleAttribute("aria-invalid", false);
    if (troubleOf(card)) row.prompt.dataset.empty = "";
    else delete row.prompt.dataset.empty;
    const url = card.image ? here(card.image.url) : null;
    if (row.shown !== url) {
      row.shown = url;
      row.thumb.replaceChildren(
        url
          ? h("img", {
              src: url,
              alt: `Panel: ${card.prompt}`,
              on: { error: () => this.#lost(card.id) },
            })
          : icon(card.character ? "figure" : "picture"),
      );
    }
    row.again.hidden = !this.canRedo;
    row.item.classList.toggle("changed", card.image !== null && !isCurrent(card));
    const verb =
      card.image === null
        ? "Draw this panel"
        : isCurrent(card)
          ? "Draw this panel again"
          : "Draw the change";
    row.verb.textContent = "Draw";
    row.again.title = verb;
    row.again.setAttribute("aria-label", verb);
  }

  #lost(id) {
    if (this.#card(id)?.image)
      this.#edit(this.#cards.map((card) => (card.id === id ? { ...card, image: null } : card)));
  }

  #card(id) {
    return this.#cards.find((card) => card.id === id);
  }

  #place(id) {
    return this.#cards.findIndex((card) => card.id === id);
  }

  #after(id) {
    const at = this.#place(id) + 1;
    const card = newCard(this.nextId());
    this.#edit([...this.#cards.slice(0, at), card, ...this.#cards.slice(at)]);
    this.#rows.get(card.id).prompt.focus();
  }

  #copy(id) {
    const at = this.#place(id);
    const copy = { ...this.#card(id), id: this.nextId() };
    this.#edit([...this.#cards.slice(0, at + 1), copy, ...this.#cards.slice(at + 1)]);
  }

  #remove(id) {
    const at = this.#place(id);
    this.#edit(this.#cards.filter((card) => card.id !== id));
    const next = this.#cards[Math.min(at, this.#cards.length - 1)];
    if (next) this.#rows.get(next.id).grip.focus();
    announce(`Panel ${at + 1} is removed`);
  }

  #gripKey(event, id) {
    const step = { ArrowUp: -1, ArrowDown: 1 }[event.key];
    if (!step) return;
    event.preventDefault();
    this.#moveTo(id, this.#place(id) + step);
  }

  #moveTo(id, to) {
    const from = this.#place(id);
    if (to < 0 || to >= this.#cards.length || to === from) return;
    // The others step aside: a card that were taken out would lose the hand, and the focus.
    const { item } = this.#rows.get(id);
    const itemOf = (card) => this.#rows.get(card.id).item;
    if (to > from) item.before(...this.#cards.slice(from + 1, to + 1).map(itemOf));
    else item.after(...this.#cards.slice(to, from).map(itemOf));
    this.#edit(moved(this.#cards, from, to));
    this.#rows.get(id).grip.focus();
    announce(`Panel ${to + 1} of ${this.#cards.length}`);
  }

  #grab(event, id) {
    if (event.button !== 0) return;
    const { item, grip } = this.#rows.get(id);
    grip.setPointerCapture(event.pointerId);
    item.classList.add("held");
    const move = ({ clientY }) => {
      const over = [...this.list.children].findIndex((other) => {
        const { top, bottom } = other.getBoundingClientRect();
        return other !== item && clientY > top && clientY < bottom;
      });
      if (over < 0) return;
      const { top, height } = this.list.children[over].getBoundingClientRect();
      const down = over > this.#place(id);
      if (down ? clientY > top + height / 2 : clientY < top + height / 2) this.#moveTo(id, over);
    };
    const end = () => {
      item.classList.remove("held");
      grip.removeEventListener("pointermove", move);
    };
    grip.addEventListener("pointermove", move);
    grip.addEventListener("lostpointercapture", end, { once: true });
  }
}

customElements.define("panel-cards", PanelCards);
