// Settings as controls, made from what the endpoint says of its fields.

import { fitted } from "../core/schema.js";
import { controlFor } from "./controls.js";
import { h } from "./dom.js";

/**
 * A group of controls. `values` is read and written by name; each change is told as "change".
 */
export class SettingsForm extends HTMLElement {
  #controls = [];
  #values = {};
  #inputs = new Map();

  /** Show these controls for these values, some of them inside a fold. */
  show(controls, values, { folded = [], fold = "Finer settings" } = {}) {
    this.#controls = controls;
    this.#values = { ...values };
    this.#inputs.clear();
    const hidden = new Set(folded);
    const plain = controls.filter(({ name }) => !hidden.has(name));
    const behind = controls.filter(({ name }) => hidden.has(name));
    this.replaceChildren(
      h(
        "div.settings",
        {},
        plain.map((control) => this.#field(control)),
      ),
      behind.length > 0
        ? h(
            "details.fold",
            {},
            h("summary", {}, fold, h("span.count", {}, String(behind.length))),
            h(
              "div.settings",
              {},
              behind.map((control) => this.#field(control)),
              h(
                "button.quiet",
                { type: "button", on: { click: () => this.reset() } },
                "Back to the defaults",
              ),
            ),
          )
        : "",
    );
  }

  get values() {
    return { ...this.#values };
  }

  set(name, value) {
    if (!this.#inputs.has(name)) return;
    this.#values[name] = value;
    this.#inputs.get(name)(value);
    this.dispatchEvent(new Event("change"));
  }

  /**
   * Say at a field what is wrong with it, in place of all that was said before; whether the form
   * has such a field. Null says that nothing is wrong.
   */
  blame(name, trouble = "") {
    this.querySelectorAll("p.trouble").forEach((told) => told.remove());
    const field = name && this.querySelector(`[data-name="${CSS.escape(name)}"]`);
    if (!field) return false;
    field.append(h("p.trouble", { role: "alert" }, trouble));
    field.closest("details")?.setAttribute("open", "");
    return true;
  }

  reset() {
    for (const control of this.#controls) {
      this.#values[control.name] = control.default;
      this.#inputs.get(control.name)(control.default);
    }
    this.dispatchEvent(new Event("change"));
  }

  #field(control) {
    const changed = (value) => {
      this.#values[control.name] = fitted(control, value);
      this.dispatchEvent(new Event("change"));
      return this.#values[control.name];
    };
    const { element, write } = controlFor(control, changed);
    write(this.#values[control.name] ?? null);
    this.#inputs.set(control.name, write);
    return element;
  }
}

customElements.define("settings-form", SettingsForm);
