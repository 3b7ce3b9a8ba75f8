// The studio: lets the browser in, loads what is served, and shows one page at a time.

import { credits } from "./core/words.js";
import { Api } from "./net/api.js";
import { AccountPage } from "./pages/account.js";
import { HistoryPage } from "./pages/history.js";
import { PosePage } from "./pages/pose.js";
import { StoryPage } from "./pages/story.js";
import { WelcomePage } from "./pages/welcome.js";
import "./ui/code.js";
import { h, kept } from "./ui/dom.js";
import "./ui/drawbutton.js";
import { icon } from "./ui/icons.js";
import { listenForKeys, showKeys } from "./ui/keysheet.js";
import { problemCard } from "./ui/notes.js";
import "./ui/progress.js";
import "./ui/seedfield.js";
import "./ui/settings.js";
import "./ui/takes.js";
import { tool } from "./ui/tools.js";

const PAGES = [
  { name: "pose", label: "Pose", icon: "figure" },
  { name: "story", label: "Story", icon: "story" },
  { name: "history", label: "History", icon: "clock" },
  { name: "account", label: "Account", icon: "account" },
];

const INVITATION = /^#enter=(.+)$/;

class Studio {
  #pages = new Map();
  #main = document.getElementById("main");

  constructor() {
    this.api = new Api();
    this.api.addEventListener("signed-out", () => this.#welcome());
    this.#bar();
    addEventListener("hashchange", () =>
      INVITATION.test(location.hash) ? this.start() : this.#route(),
    );
  }

  /** One of the pages, by name. */
  page(name) {
    return this.#pages.get(name);
  }

  get theme() {
    return kept.read("theme", "auto");
  }

  set theme(name) {
    kept.write("theme", name);
    if (name === "auto") delete document.documentElement.dataset.theme;
    else document.documentElement.dataset.theme = name;
  }

  async start() {
    const [, invitation] = INVITATION.exec(location.hash) ?? [];
    if (invitation) await this.#follow(invitation);
    else if (this.api.isSignedIn) await this.begin();
    else this.#welcome();
  }

  async #follow(invitation) {
    hideLink();
    try {
      await this.api.enter({ invitation });
    } catch (problem) {
      this.#welcome().refuse(problem);
      return;
    }
    await this.begin();
  }

  /** Everything that needs a session. */
  async begin() {
    try {
      const [{ models }, { presets }] = await Promise.all([
        this.api.get("/v1/models"),
        this.api.get("/v1/pose/presets"),
        this.refresh(),
      ]);
      const served = new Map(models.map((model) => [model.slug, model]));
      this.#pages = new Map([
        ["pose", new PosePage(this, served.get("sd3-med-pose"), presets)],
        ["story", new StoryPage(this, served.get("storydiffusion"))],
        ["history", new HistoryPage(this)],
        ["account", new AccountPage(this)],
      ]);
      document.body.classList.add("inside");
      this.#main.replaceChildren(...this.#pages.values());
      this.#route();
    } catch (problem) {
      if (problem.status === undefined) throw problem;
      if (problem.status === 401) return;
      const again = h("button", { type: "button", on: { click: () => this.begin() } }, "Try again");
      this.#main.replaceChildren(h("div.welcome", {}, problemCard(problem, again)));
      if (problem.status === 0 || problem.status === 503)
        setTimeout(() => {
          if (again.isConnected) this.begin();
        }, 3000);
    }
  }

  /** Look up the balance anew. */
  async refresh() {
    try {
      const me = await this.api.get("/session");
      this.purse.replaceChildren(h("span.amount", {}, credits(me.credits)), " credits");
    } catch (problem) {
      if (problem.status === undefined) throw problem;
    }
  }

  #welcome() {
    document.body.classList.remove("inside");
    hideLink();
    const page = new WelcomePage(this);
    this.#pages = new Map([["welcome", page]]);
    this.#main.replaceChildren(page);
    return page;
  }

  #bar() {
    this.theme = kept.read("theme", "auto"); // writes it to the page
    this.links = PAGES.map(({ name, label, icon: picture }) =>
      h("a.place", { href: `#/${name}`, data: { name } }, icon(picture), h("span", {}, label)),
    );
    this.purse = h("a.purse", { href: "#/account" }, "credits");
    document
      .getElementById("bar")
      .append(
        h("a.mark", { href: "#/pose", "aria-label": "Vivant studio" }, "Vivant"),
        h("nav", { "aria-label": "Studio" }, this.links),
        tool("keys", "Keys", showKeys, "?"),
        this.purse,
      );
    listenForKeys();
  }

  #route() {
    if (!document.body.classList.contains("inside")) return;
    const [, asked] = /^#\/(\w+)/.exec(location.hash) ?? [];
    const name = this.#pages.has(asked) ? asked : "pose";
    for (const [each, page] of this.#pages) page.hidden = each !== name;
    for (const link of this.links) {
      if (link.dataset.name === name) link.setAttribute("aria-current", "page");
      else link.removeAttribute("aria-current");
    }
    document.title = `${PAGES.find((page) => page.name === name).label} · Vivant`;
    this.#pages.get(name).show?.();
    scrollTo(0, 0);
  }
}

/** No link that lets somebody in stays in the address bar. */
const hideLink = () => history.replaceState(null, "", location.pathname);

new Studio().start();
