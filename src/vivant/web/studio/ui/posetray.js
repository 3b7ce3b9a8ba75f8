// Poses to begin with, as thumbnails.

import { h, unique } from "./dom.js";
import { icon } from "./icons.js";
import { figureDrawing } from "./figures.js";

/** Asks, by "choose" and "blank", for a preset's pose and for an empty canvas. */
export class PoseTray extends HTMLElement {
  /** Whether a pose is to stand beside those that are there, and not in their place. */
  get adding() {
    return this.box.checked;
  }

  /** Show these presets: {name, pose}. */
  show(presets) {
    const id = unique("adding");
    this.box = h("input", { type: "checkbox", role: "switch", id });
    const shown = presets.map(({ name, pose }) =>
      this.#entry("button.pose", figureDrawing(pose), name.replaceAll("_", " "), () =>
        this.dispatchEvent(new CustomEvent("choose", { detail: pose })),
      ),
    );
    const blank = this.#entry("button.pose.blank", icon("add"), "empty canvas", () =>
      this.dispatchEvent(new Event("blank")),
    );
    this.replaceChildren(
      h(
        "div.row.spread",
        {},
        h("h2.small-title", {}, "Poses"),
        h("label.switch", { for: id }, this.box, "Add as another figure"),
      ),
      h("ul.poses", {}, shown, blank),
    );
  }

  #entry(kind, picture, label, click) {
    return h("li", {}, h(kind, { type: "button", on: { click } }, picture, h("span", {}, label)));
  }
}

customElements.define("pose-tray", PoseTray);
