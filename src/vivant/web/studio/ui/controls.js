// Settings as controls, made from what the endpoint says of its fields.

import { fitted } from "../core/schema.js";
import { h, set, unique } from "./dom.js";
import { icon } from "./icons.js";

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

  reset() {
    for (const control of this.#controls) {
      this.#values[control.name] = control.default;
      this.#inputs.get(control.name)(control.default);
    }
    this.dispatchEvent(new Event("change"));
  }

  #field(control) {
    const make = { slider, number, choice, steps, switch: toggle }[control.kind] ?? words;
    const changed = (value) => {
      this.#values[control.name] = fitted(control, value);
      this.dispatchEvent(new Event("change"));
      return this.#values[control.name];
    };
    const { element, write } = make(control, changed);
    write(this.#values[control.name] ?? null);
    this.#inputs.set(control.name, write);
    return element;
  }
}

function labelled(control, id, input, beside = null) {
  return h(
    "div.field",
    { data: { name: control.name } },
    h("div.label", {}, h("label", { for: id }, control.label), beside),
    input,
    control.help && h("p.help", { id: `${id}-help` }, control.help),
  );
}

const described = (control, id) => (control.help ? { "aria-describedby": `${id}-help` } : {});

function slider(control, changed) {
  const id = unique("slider");
  const { min, max, step } = control;
  const range = h("input", { type: "range", id, min, max, step, ...described(control, id) });
  const box = h("input.value", {
    type: "number",
    min,
    max,
    step: control.whole ? step : "any",
    "aria-label": `${control.label}, value`,
    placeholder: control.optional ? "auto" : "",
  });
  const write = (value) => {
    box.value = value ?? "";
    range.value = value ?? (min + max) / 2;
    range.toggleAttribute("data-open", value === null);
  };
  range.addEventListener("input", () => {
    box.value = changed(range.value);
    range.removeAttribute("data-open");
  });
  box.addEventListener("input", () => {
    const value = changed(box.value);
    if (value !== null) range.value = value;
  });
  box.addEventListener("change", () =>
    write(changed(box.value) ?? (control.optional ? null : changed(control.default))),
  );
  return { element: labelled(control, id, range, box), write };
}

function number(control, changed) {
  const id = unique("number");
  const input = h("input", {
    type: "number",
    id,
    min: control.min,
    max: control.max,
    step: control.step,
    placeholder: control.optional ? "auto" : "",
    ...described(control, id),
  });
  const write = (value) => {
    input.value = value ?? "";
  };
  input.addEventListener("change", () => write(changed(input.value)));
  return { element: labelled(control, id, input), write };
}

function steps(control, changed) {
  const name = unique("steps");
  const values = Array.from(
    { length: (control.max - control.min) / control.step + 1 },
    (_, at) => control.min + at * control.step,
  );
  const inputs = values.map((value) =>
    h("input", { type: "radio", name, value: String(value), on: { change: () => changed(value) } }),
  );
  const element = h(
    "div.field",
    { role: "radiogroup", "aria-label": control.label, data: { name: control.name } },
    h("div.label", {}, h("span.asked", { "aria-hidden": "true" }, control.label)),
    h(
      "div.segments",
      {},
      inputs.map((input, at) => h("label", {}, input, String(values[at]))),
    ),
  );
  return {
    element,
    write: (value) =>
      inputs.forEach((input, at) => {
        input.checked = values[at] === value;
      }),
  };
}

function choice(control, changed) {
  const id = unique("choice");
  const select = h(
    "select",
    { id, ...described(control, id) },
    control.options.map(({ value, label }) => h("option", { value: String(value) }, label)),
  );
  select.addEventListener("change", () => changed(select.value));
  return {
    element: labelled(control, id, select),
    write: (value) => {
      select.value = value ?? "";
    },
  };
}

function toggle(control, changed) {
  const id = unique("switch");
  const box = h("input", { type: "checkbox", id, role: "switch" });
  box.addEventListener("change", () => changed(box.checked));
  const element = h(
    "div.field",
    {},
    h("label.switch", { for: id }, box, control.label),
    control.help && h("p.help", {}, control.help),
  );
  return {
    element,
    write: (value) => {
      box.checked = Boolean(value);
    },
  };
}

function words(control, changed) {
  const id = unique("text");
  const input = h("textarea", {
    id,
    rows: control.kind === "text" ? 2 : 1,
    maxLength: control.longest ?? 10000,
    ...described(control, id),
  });
  input.addEventListener("input", () => changed(input.value));
  return {
    element: labelled(control, id, input),
    write: (value) => {
      input.value = value ?? "";
    },
  };
}

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

customElements.define("settings-form", SettingsForm);
customElements.define("seed-field", SeedField);
