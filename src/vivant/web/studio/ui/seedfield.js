// The seed of a drawing.

import { h, set, unique } from "./dom.js";
import { icon } from "./icons.js";

/** The seed: locked to a number, or a new one for every picture. */
export class SeedField extends HTMLElement {
  #locked = false;

  constructor() {
    super();
    const most = 2 ** 53 - 1;
    const placeholder = "a new one each time";
    this.input = h("input", {
      type: "number",
      id: unique("seed"),
      min: 0,
      max: most,
      step: 1,
      placeholder,
    });
    this.lock = h("button.tool", { type: "button", on: { click: () => this.#turn() } });
    this.input.addEventListener("input", () => this.#write(this.input.value !== ""));
  }

  connectedCallback() {
    if (this.firstChild) return;
    this.append(
      h(
        "div.field",
        {},
        h("div.label", {}, h("label", { for: this.input.id }, "Seed")),
        h("div.joined", {}, this.input, this.lock),
        h("p.help", {}, "The same seed and settings give the same picture."),
      ),
    );
    this.#paint();
  }

  /** The locked seed, or -1 for a new one. */
  get value() {
    return this.#locked && this.input.value !== "" ? Number(this.input.value) : -1;
  }

  set value(seed) {
    if (seed >= 0) this.input.value = seed;
    this.#write(seed >= 0);
  }

  /** Show the seed that was used, without keeping it. */
  used(seed) {
    if (!this.#locked) this.input.value = seed;
  }

  #turn() {
    const locked = !this.#locked && this.input.value !== "";
    if (!locked) this.input.value = "";
    this.#write(locked);
  }

  #write(locked) {
    this.#locked = locked;
    this.#paint();
    this.dispatchEvent(new Event("change"));
  }

  #paint() {
    const label = this.#locked ? "Seed locked; choose a new one each time" : "Lock the seed";
    this.lock.replaceChildren(icon(this.#locked ? "lock" : "dice"));
    set(this.lock, { "aria-pressed": String(this.#locked), "aria-label": label, title: label });
    this.input.classList.toggle("loose", !this.#locked);
  }
}

customElements.define("seed-field", SeedField);
