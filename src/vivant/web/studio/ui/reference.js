// A picture of the character's face, kept by the server and named by its link.

import { here } from "../net/api.js";
import { h } from "./dom.js";
import { icon } from "./icons.js";
import { note } from "./notes.js";

/** Holds `value`, a link or null; changes are told as "change". */
export class ReferencePicture extends HTMLElement {
  #value = null;

  connectedCallback() {
    if (this.picker) return;
    this.picker = h("input", { type: "file", accept: "image/*", hidden: true });
    this.picker.addEventListener("change", () => this.#keep(this.picker.files[0]));
    this.#paint();
  }

  get value() {
    return this.#value;
  }

  set value(link) {
    this.#value = link;
    this.#paint();
    this.dispatchEvent(new Event("change"));
  }

  async #keep(file) {
    if (!file) return;
    const form = new FormData();
    form.append("file", file);
    try {
      [this.value] = (await this.api.post("/upload-asset", form)).urls;
    } catch (problem) {
      note(problem.message, "bad");
    }
    this.picker.value = "";
  }

  #paint() {
    if (!this.picker) return;
    this.replaceChildren(this.#value ? this.#portrait() : this.#place(), this.picker);
  }

  #portrait() {
    const look = {
      type: "button",
      title: "Take it away",
      on: { click: () => (this.value = null) },
    };
    return h(
      "button.portrait",
      { ...look, "aria-label": "Take the reference picture away" },
      h("img", { src: here(this.#value), alt: "" }),
      icon("close"),
    );
  }

  #place() {
    const look = {
      type: "button",
      title: "Reference picture",
      on: { click: () => this.picker.click() },
    };
    const label = { "aria-label": "Add a reference picture of the face" };
    return h("button.portrait", { ...look, ...label }, icon("picture"), h("span", {}, "Face"));
  }
}

customElements.define("reference-picture", ReferencePicture);
