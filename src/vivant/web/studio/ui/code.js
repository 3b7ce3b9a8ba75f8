// The code that does what the form does.

import { LANGUAGES, sampleOf } from "../core/samples.js";
import { h, kept } from "./dom.js";
import { icon } from "./icons.js";
import { note } from "./notes.js";

export class CodeSamples extends HTMLElement {
  #call = null;
  #language = kept.read("language", "curl");

  connectedCallback() {
    if (this.firstChild) return;
    this.code = h("code");
    this.tabs = LANGUAGES.map(({ name, label }) =>
      h(
        "button.chip",
        {
          type: "button",
          "aria-pressed": "false",
          data: { language: name },
          on: { click: () => this.#choose(name) },
        },
        label,
      ),
    );
    const copy = h(
      "button.quiet.copy",
      { type: "button", on: { click: () => this.#copy() } },
      icon("copy"),
      "Copy",
    );
    this.append(
      h(
        "p.help",
        {},
        "Exactly what this form asks for. Put a key of your account into the environment as VIVANT_KEY.",
      ),
      h("div.row.chips", { role: "group", "aria-label": "Language" }, this.tabs),
      h("div.codebox", {}, h("pre", { tabindex: "0", "aria-label": "Code" }, this.code), copy),
    );
    this.#paint();
  }

  /** What the form asks for now: {base, slug, fields, file}. */
  set call(call) {
    this.#call = call;
    this.#paint();
  }

  #choose(name) {
    this.#language = name;
    kept.write("language", name);
    this.#paint();
  }

  #paint() {
    if (!this.code) return;
    for (const tab of this.tabs)
      tab.setAttribute("aria-pressed", String(tab.dataset.language === this.#language));
    this.code.textContent = this.#call ? sampleOf(this.#language, this.#call) : "";
  }

  async #copy() {
    try {
      await navigator.clipboard.writeText(this.code.textContent);
      note("The code is on the clipboard.");
    } catch {
      getSelection().selectAllChildren(this.code);
      note("Marked: copy it with Ctrl+C.");
    }
  }
}

customElements.define("code-samples", CodeSamples);
