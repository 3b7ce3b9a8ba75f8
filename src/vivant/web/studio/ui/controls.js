// Controls for values: each is made from what the endpoint says of a field.

import { h, unique } from "./dom.js";

/**
 * A control as {element, write}: `changed` is called with what a person set, and gives back the
 * value that it became; `write` shows a value.
 */
export function controlFor(control, changed) {
  const make = { slider, number, choice, steps, switch: toggle }[control.kind] ?? words;
  return make(control, changed);
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
    { data: { name: control.name } },
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
