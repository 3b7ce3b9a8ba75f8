// Welcome: for browsers that are not let in yet.

import { fromOpenPose } from "../core/openpose.js";
import { boxOf } from "../core/skeleton.js";
import { h, unique } from "../ui/dom.js";
import { problemCard } from "../ui/notes.js";
import { silhouette } from "../ui/figures.js";

const FRIEZE = [
  "walking",
  "waving",
  "dancing",
  "standing",
  "leaping",
  "thinking",
  "cheering",
  "kicking",
  "sitting_cross_legged",
  "pointing",
  "running",
];

export class WelcomePage extends HTMLElement {
  constructor(app) {
    super();
    this.app = app;
  }

  connectedCallback() {
    if (this.trouble) return;
    const id = unique("key");
    const key = h("input", {
      id,
      type: "password",
      autocomplete: "off",
      spellcheck: false,
      placeholder: "vivant_…",
    });
    this.trouble = h("div");
    const enter = async (event) => {
      event.preventDefault();
      await this.#enter({ key: key.value });
    };
    this.append(
      h(
        "div.welcome",
        {},
        h("p.eyebrow", {}, "Vivant studio"),
        h("h1", {}, "People in the pose you ask for, and stories they stay themselves in."),
        h(
          "p",
          {},
          "Open the link that ",
          h("code", {}, "vivant serve"),
          " printed: it lets this browser in, once. Or use a key of your account.",
        ),
        this.trouble,
        h(
          "form.joined",
          { on: { submit: enter } },
          h("label.hidden", { for: id }, "Key"),
          key,
          h("button.primary", { type: "submit" }, "Come in"),
        ),
      ),
      (this.frieze = h("div.frieze", { "aria-hidden": "true" })),
    );
    this.#dance();
  }

  // The poses that ship, as a frieze along the floor; the page is whole without it.
  async #dance() {
    const { presets } = await this.app.api.get("/v1/pose/presets").catch(() => ({ presets: [] }));
    const byName = new Map(presets.map(({ name, pose }) => [name, pose]));
    for (const name of FRIEZE.filter((each) => byName.has(each))) {
      const person = fromOpenPose(byName.get(name)).people[0];
      const figure = silhouette(person);
      figure.style.setProperty("--height", String(boxOf(person).height / 768));
      this.frieze.append(figure);
    }
  }

  async #enter(fields) {
    try {
      await this.app.api.enter(fields);
    } catch (problem) {
      this.refuse(problem);
      return;
    }
    await this.app.begin();
  }

  /** Say why somebody is not let in. */
  refuse(problem) {
    this.trouble.replaceChildren(problemCard(problem));
  }
}

customElements.define("welcome-page", WelcomePage);
