// The tool bar above the canvas.

import { h, unique } from "./dom.js";
import { icon } from "./icons.js";
import { menu, tool } from "./tools.js";

const SHAPES = [
  ["Square", 768, 768],
  ["Portrait", 640, 896],
  ["Landscape", 896, 640],
  ["Tall", 576, 1024],
  ["Wide", 1024, 576],
];

/**
 * Asks, by events, for "open" (a file), "save" ("json" or "png"), "fade" (the backdrop's opacity),
 * "away" (with the backdrop), "shape" ([width, height]), and what its buttons are named after:
 * "undo", "redo", "mirror", "copy", "trash".
 */
export class PoseTools extends HTMLElement {
  connectedCallback() {
    if (this.fader) return;
    this.className = "tools";
    this.setAttribute("role", "toolbar");
    this.setAttribute("aria-label", "Pose tools");
    this.fader = this.#fader();
    const asking = (name, label, key) => tool(name, label, () => this.#ask(name), key);
    this.append(
      ...this.#opener(),
      menu("save", "Save the pose", "Save", [
        ["OpenPose JSON", "", () => this.#ask("save", "json")],
        ["Skeleton drawing, PNG", "", () => this.#ask("save", "png")],
      ]),
      h("span.gap"),
      this.fader,
      h("span.gap"),
      asking("undo", "Undo", "Ctrl+Z"),
      asking("redo", "Redo", "Ctrl+Y"),
      h("span.bar"),
      asking("mirror", "Mirror the figure", "M"),
      asking("copy", "Duplicate the figure", "Ctrl+D"),
      asking("trash", "Remove the figure", "Delete"),
      menu(
        "expand",
        "Shape of the canvas",
        null,
        SHAPES.map(([label, width, height]) => [
          label,
          `${width} × ${height}`,
          () => this.#ask("shape", [width, height]),
        ]),
      ),
    );
  }

  /** Show what can be done now, and how far the backdrop shines through; null if there is none. */
  show({ canUndo, canRedo, chosen, opacity }) {
    const usable = { undo: canUndo, redo: canRedo, mirror: chosen, copy: chosen, trash: chosen };
    for (const [name, is] of Object.entries(usable))
      this.querySelector(`[data-tool="${name}"]`).disabled = !is;
    this.fader.hidden = opacity === null;
    this.fade.value = opacity ?? 1;
  }

  #opener() {
    const picker = h("input", { type: "file", accept: "image/*,.json", hidden: true });
    picker.addEventListener("change", () => {
      if (picker.files[0]) this.#ask("open", picker.files[0]);
      picker.value = "";
    });
    const look = {
      type: "button",
      title: "Open a picture, a skeleton drawing or OpenPose JSON",
      "aria-label": "Open a picture",
      on: { click: () => picker.click() },
    };
    return [h("button.tool.labelled", look, icon("picture"), h("span", {}, "Open")), picker];
  }

  #fader() {
    const id = unique("fade");
    this.fade = h("input", { type: "range", id, min: 0, max: 1, step: 0.05 });
    this.fade.addEventListener("input", () => this.#ask("fade", Number(this.fade.value)));
    const away = tool("close", "Take the picture away", () => this.#ask("away"));
    return h("span.fade", {}, h("label", { for: id }, "Picture"), this.fade, away);
  }

  #ask(name, detail = null) {
    this.dispatchEvent(new CustomEvent(name, { detail }));
  }
}

customElements.define("pose-tools", PoseTools);
