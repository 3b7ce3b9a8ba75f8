// The button that draws, with what it costs.

import { credits } from "../core/words.js";
import { h, settled } from "./dom.js";

/**
 * Asks for "draw". It looks prices up, and tells a request that would be refused as "refused" with
 * {field, trouble} in `detail`, and one that would not as "allowed".
 */
export class DrawButton extends HTMLElement {
  #price = null;
  #verb = "Draw";
  #busy = false;

  connectedCallback() {
    if (this.button) return;
    this.button = h("button.primary.go", {
      type: "button",
      title: "Ctrl+Enter",
      on: { click: () => this.dispatchEvent(new Event("draw")) },
    });
    this.append(this.button);
    this.#paint();
  }

  /** Show what pressing it does, and whether that is being done. */
  show(verb, busy) {
    this.#verb = verb;
    this.#busy = busy;
    this.#paint();
  }

  /** Look up what a request costs; soon, and only the last of several. */
  quote = settled(350, async (api, slug, fields) => {
    try {
      this.#price = (await api.post(`/v1/${slug}/price`, fields)).price;
      this.dispatchEvent(new Event("allowed"));
    } catch (problem) {
      this.#price = null;
      if (problem.status === 422)
        this.dispatchEvent(new CustomEvent("refused", { detail: blamed(problem.message) }));
    }
    this.#paint();
  });

  #paint() {
    if (!this.button) return;
    const price = this.#price !== null && h("span.price", {}, `${credits(this.#price)} credits`);
    this.button.replaceChildren(
      h("span", {}, this.#busy ? "Drawing" : this.#verb),
      ...(price ? [price] : []),
    );
    this.button.disabled = this.#busy;
  }
}

/** A refusal in the service's words, "field: what is wrong", as {field, trouble}. */
function blamed(message) {
  const [, field, trouble] = /^(\w+): (.+)$/s.exec(message) ?? [null, null, message];
  return { field, trouble };
}

customElements.define("draw-button", DrawButton);
