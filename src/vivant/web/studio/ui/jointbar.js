// What is chosen on the canvas, by name and by number: for exact work, and for screen readers.

import { JOINTS } from "../core/skeleton.js";
import { h, unique } from "./dom.js";
import { icon } from "./icons.js";

/**
 * Shows a selection of a pose. It asks, by events, for "choose" ({person, joint}), "place" ([x, y]),
 * "toggle" (hide or show the joint), "scale" (a factor, while the hand moves) and "scaled".
 */
export class JointBar extends HTMLElement {
  connectedCallback() {
    if (this.joint) return;
    const id = unique("joint");
    this.setAttribute("role", "group");
    this.setAttribute("aria-label", "What is chosen");
    this.figure = h("select", { "aria-label": "Figure", on: { change: () => this.#choose() } });
    this.joint = h(
      "select",
      { id, on: { change: () => this.#choose() } },
      h("option", { value: "-1" }, "Whole figure"),
      JOINTS.map((name, at) => h("option", { value: String(at) }, name)),
    );
    [this.x, this.y] = ["From the left", "From the top"].map((label) => this.#number(label));
    this.seen = h("button.quiet", { type: "button", on: { click: () => this.#ask("toggle") } });
    this.size = this.#scale();
    this.append(
      this.figure,
      h("label.hidden", { for: id }, "Joint"),
      this.joint,
      h("span.pair.one", {}, quiet("x"), this.x, quiet("y"), this.y),
      this.seen,
      h("span.pair.all", {}, quiet("Size"), this.size),
    );
  }

  /** Show what is chosen of a pose. */
  show(pose, { person, joint }) {
    const body = pose.people[person]?.body;
    const one = Boolean(body) && joint >= 0;
    this.figure.replaceChildren(
      ...pose.people.map((_, at) =>
        h("option", { value: String(at), selected: at === person }, `Figure ${at + 1}`),
      ),
    );
    this.joint.value = String(joint);
    this.classList.toggle("none", !body);
    this.classList.toggle("whole", !one);
    for (const control of [this.figure, this.joint, this.size]) control.disabled = !body;
    for (const control of [this.x, this.y, this.seen]) control.disabled = !one;
    const [x, y, seen] = one ? body[joint] : [0, 0, 1];
    [this.x.value, this.y.value] = [Math.round(x), Math.round(y)];
    this.seen.replaceChildren(icon(seen ? "hidden" : "eye"), seen ? "Hide" : "Show");
  }

  #number(label) {
    const place = () => this.#ask("place", [Number(this.x.value), Number(this.y.value)]);
    return h("input.value", {
      type: "number",
      step: 1,
      "aria-label": label,
      on: { change: place },
    });
  }

  #scale() {
    const range = h("input", { type: "range", min: -1, max: 1, step: 0.02, value: "0" });
    range.setAttribute("aria-label", "Scale the figure");
    range.addEventListener("input", () => this.#ask("scale", 2 ** Number(range.value)));
    range.addEventListener("change", () => {
      this.#ask("scaled");
      range.value = 0;
    });
    return range;
  }

  #choose() {
    this.#ask("choose", { person: Number(this.figure.value), joint: Number(this.joint.value) });
  }

  #ask(name, detail = null) {
    this.dispatchEvent(new CustomEvent(name, { detail }));
  }
}

const quiet = (text) => h("span", { "aria-hidden": "true" }, text);

customElements.define("joint-bar", JointBar);
