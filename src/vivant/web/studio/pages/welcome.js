// Welcome: for browsers that are not let in yet.

import { h, unique } from "../ui/dom.js";
import { problemCard } from "../ui/notes.js";

export class WelcomePage extends HTMLElement {
  constructor(app) {
    super();
    this.app = app;
  }

  connectedCallback() {
    if (this.trouble) return;
    const id = unique("key");
    const key = h("input", { id, type: "password", autocomplete: "off", spellcheck: false, placeholder: "vivant_…" });
    this.trouble = h("div");
    const enter = async (event) => {
      event.preventDefault();
      await this.enter({ key: key.value });
    };
    this.append(h("div.welcome", {},
      h("p.eyebrow", {}, "Vivant studio"),
      h("h1", {}, "People in the pose you ask for, and stories they stay themselves in."),
      h("p", {}, "Open the link that ", h("code", {}, "vivant serve"), " printed: it lets this browser in, once. Or use a key of your account."),
      this.trouble,
      h("form.joined", { on: { submit: enter } }, h("label.hidden", { for: id }, "Key"), key, h("button.primary", { type: "submit" }, "Come in"))));
  }

  async enter(fields) {
    try {
      await this.app.api.enter(fields);
      await this.app.begin();
    } catch (problem) {
      this.trouble.replaceChildren(problemCard(problem));
    }
  }
}

customElements.define("welcome-page", WelcomePage);
