// A story's panels as cards that can be written on, moved, and drawn again one by one.

import { moved } from "../core/script.js";
import { newCard } from "../core/story.js";
import { PanelCard } from "./card.js";
import { h } from "./dom.js";
import { announce } from "./notes.js";
import { dragRow } from "./reorder.js";

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

  /** A card's drawing so far; see `PanelCard.grow`. */
  growing(id, news) {
    this.#rows.get(id)?.grow(news);
  }

  settle() {
    for (const row of this.#rows.values()) row.settle();
    this.#paint();
  }

  /** Say at a card what is wrong with its words, and go there. */
  blame(at, trouble) {
    const row = this.#rows.get(this.#cards[at].id);
    row.blame(trouble);
    row.prompt.focus();
  }

  #edit(cards) {
    this.#cards = cards;
    this.#paint();
    this.dispatchEvent(new Event("change"));
  }

  #write(id, change) {
    this.#cards = this.#cards.map((card) => (card.id === id ? { ...card, ...change } : card));
    this.#rows.get(id).fill(this.#card(id), this.canRedo);
    this.dispatchEvent(new Event("change"));
  }

  #paint() {
    if (!this.list) return;
    const rows = this.#cards.map(({ id }) => this.#row(id));
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
      row.place = at;
      row.fill(this.#cards[at], this.canRedo);
    });
  }

  #row(id) {
    if (!this.#rows.has(id)) {
      const row = new PanelCard({
        write: (change) => this.#write(id, change),
        after: () => this.#after(id),
        redo: () => this.dispatchEvent(new CustomEvent("redo", { detail: this.#card(id) })),
        copy: () => this.#copy(id),
        remove: () => this.#remove(id),
        lost: () => this.#lost(id),
        step: (by) => this.#moveTo(id, this.#place(id) + by),
        grab: (event) =>
          dragRow(event, row, {
            placeOf: () => this.#place(id),
            moveTo: (to) => this.#moveTo(id, to),
          }),
      });
      this.#rows.set(id, row);
    }
    return this.#rows.get(id);
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
}

customElements.define("panel-cards", PanelCards);
