// Story: panels on the left, the page as it will be printed beside them, settings on the right.

import { controlsOf, defaultsOf, requestOf } from "../core/schema.js";
import { parseScript, troubleOf } from "../core/script.js";
import { allDrawn, drawnFrom, redoRequest, storyRequest } from "../core/story.js";
import { count } from "../core/words.js";
import { here } from "../net/api.js";
import { Job, Underway } from "../net/job.js";
import { h, kept, unique } from "../ui/dom.js";
import { icon } from "../ui/icons.js";
import { note } from "../ui/notes.js";
import "../ui/pagesheet.js";
import "../ui/reference.js";
import "../ui/scriptdesk.js";
import { tabs } from "../ui/tabs.js";
import { showGrowing } from "./growing.js";
import { Printing } from "./printing.js";

const SLUG = "storydiffusion";
const OWN = ["character_description", "comic_description", "ref_image", "seed"];
const UNSEEN = ["base64", "redo", "redo_seed"];
const UP_FRONT = ["style_name", "comic_style"];
const NOTHING = { character: "", cards: [], seed: -1, values: {}, reference: null, story: null };

export class StoryPage extends HTMLElement {
  #job = null;
  #story = null; // what was drawn: {fields, panels, seed}

  constructor(app, model) {
    super();
    this.app = app;
    this.schema = model.schema;
    this.controls = controlsOf(this.schema);
  }

  connectedCallback() {
    if (this.sheet) return;
    const draft = kept.read("story", NOTHING);
    this.#story = draft.story;
    this.sheet = document.createElement("page-sheet");
    this.sheet.className = "pane";
    this.printing = new Printing(this.app.api, this.sheet);
    this.progress = document.createElement("job-progress");
    this.append(
      h("h1.hidden", {}, "Story"),
      h(
        "div.bench.telling",
        {},
        h("section.pane.writing", { "aria-label": "Script" }, this.#writing(draft)),
        h("section.showing", { "aria-label": "Page" }, this.sheet),
        h("section.brief", { "aria-label": "Style and settings" }, this.#brief(draft)),
      ),
    );
    this.sheet.invitation = this.#invitation();
    this.desk.canRedo = this.#story !== null;
    if (draft.cards.length) this.desk.show(draft.cards);
    else this.desk.begin([]);
    this.#listen();
    this.#changed();
    this.#resume();
  }

  #writing(draft) {
    const id = unique("character");
    const placeholder = "A girl with red hair, in a green coat";
    this.character = h("textarea", {
      ...{ id, rows: 2, maxLength: 10000, placeholder },
      value: draft.character,
    });
    this.face = document.createElement("reference-picture");
    this.face.api = this.app.api;
    this.face.value = draft.reference;
    this.desk = document.createElement("script-desk");
    return [
      h(
        "div.field",
        {},
        h("div.label", {}, h("label", { for: id }, "Who it is about")),
        h("div.who", {}, this.character, this.face),
      ),
      this.desk,
    ];
  }

  #brief(draft) {
    this.seed = document.createElement("seed-field");
    this.form = document.createElement("settings-form");
    this.code = document.createElement("code-samples");
    this.go = document.createElement("draw-button");
    this.trouble = h("p.trouble", { role: "status" });
    const shown = this.controls.filter(({ name }) => ![...OWN, ...UNSEEN].includes(name));
    const first = UP_FRONT.map((name) => shown.find((control) => control.name === name));
    const rest = shown.filter(({ name }) => !UP_FRONT.includes(name));
    this.form.show(
      [...first, ...rest],
      { ...defaultsOf(shown), ...draft.values },
      { folded: rest.map(({ name }) => name) },
    );
    this.seed.value = draft.seed;
    return [
      tabs("How to ask", [
        { label: "Compose", icon: "spark", content: [this.form, this.seed] },
        { label: "Code", icon: "code", content: [this.code] },
      ]),
      h("div.gobar", {}, this.progress, this.trouble, this.go),
    ];
  }

  #invitation() {
    const write = { type: "button", on: { click: () => this.#example() } };
    const how = "Say who the story is about, write a line for each panel, or paste a whole script.";
    return h(
      "div.hollow",
      {},
      h("p.title", {}, "A page waits to be filled"),
      h("p", {}, how),
      h("button", write, icon("spark"), "Write the example"),
    );
  }

  #listen() {
    this.character.addEventListener("input", () => this.#changed());
    for (const part of [this.desk, this.form, this.seed, this.face]) {
      part.addEventListener("change", () => this.#changed());
    }
    this.desk.addEventListener("redo", ({ detail }) => this.#redo(detail));
    this.sheet.addEventListener("save", ({ detail }) =>
      this.printing.save(detail, this.desk.cards, this.#layout()),
    );
    this.go.addEventListener("draw", () => this.draw());
    this.go.addEventListener("allowed", () => this.#blame({}));
    this.go.addEventListener("refused", ({ detail }) => this.#blame(detail));
    this.addEventListener("keydown", (event) => {
      if ((event.ctrlKey || event.metaKey) && event.key === "Enter") this.draw();
    });
  }

  #example() {
    this.load(this.schema.examples[0]);
    note("The treasure hunt is on the table. Change what you like, then draw.");
  }

  /** Take over a request's fields. */
  load(fields) {
    this.#story = null;
    this.printing.clear();
    this.character.value = fields.character_description ?? "";
    for (const [name, value] of Object.entries(fields)) this.form.set(name, value);
    this.seed.value = Number(fields.seed ?? -1);
    this.desk.canRedo = false;
    this.desk.begin(parseScript(fields.comic_description ?? ""));
  }

  /** Take over a request of the history, with the pictures that it made. */
  async reuse(past) {
    this.load({ ...past.inputs, seed: past.seed ?? past.inputs.seed });
    const panels = past.outputs.filter(({ kind }) => kind === "panel");
    if (panels.length !== this.desk.cards.length) return;
    const ids = this.desk.cards.map(({ id }) => id);
    this.#drawn(ids, past.inputs, past.outputs, past.seed);
  }

  get fields() {
    const fields = {
      character_description: this.character.value.trim(),
      seed: this.seed.value,
      ...requestOf(this.controls, this.form.values),
      ...(this.face.value ? { ref_image: this.face.value } : {}),
    };
    return storyRequest(fields, this.desk.cards);
  }

  #changed() {
    const { fields } = this;
    const { cards } = this.desk;
    const file = `page.${fields.output_format}`;
    this.code.call = { base: location.origin, slug: SLUG, fields, file };
    kept.write("story", {
      character: this.character.value,
      cards,
      seed: this.seed.value,
      values: this.form.values,
      reference: this.face.value,
      story: this.#story,
    });
    if (this.app.api.isSignedIn && !this.#missing()) this.go.quote(this.app.api, SLUG, fields);
    this.#paintGo();
    // The page follows captions, order and layout without being drawn again.
    if (this.#story && allDrawn(cards))
      this.printing.layOut(() =>
        this.#job || !this.#story ? null : { cards: this.desk.cards, layout: this.#layout() },
      );
  }

  #layout() {
    return { ...this.form.values, seed: this.#story?.seed ?? -1 };
  }

  #blame({ field = null, trouble = "" }) {
    const beside = this.form.blame(field, trouble);
    this.trouble.textContent = beside ? "" : [field, trouble].filter(Boolean).join(": ");
  }

  // What is still to be said, as {at, trouble}: of a panel, or of the story where `at` is -1.
  #missing() {
    const { cards } = this.desk;
    if (!cards.length) return { at: -1, trouble: "Add a panel first." };
    const at = cards.findIndex(troubleOf);
    return at < 0 ? null : { at, trouble: `Panel ${at + 1} says nothing yet.` };
  }

  #paintGo() {
    this.go.show(`Draw ${count(this.desk.cards.length, "panel")}`, this.#job !== null);
  }

  draw() {
    if (this.#job) return;
    const missing = this.#missing();
    if (missing) {
      note(missing.trouble, "bad");
      if (missing.at >= 0) this.desk.blame(missing.at);
      return;
    }
    const { fields } = this;
    const ids = this.desk.cards.map(({ id }) => id);
    const told = { kind: "all", ids, fields, steps: fields.num_steps };
    this.#follow(new Job(this.app.api, { slug: SLUG, fields, note: told }), () => this.draw());
  }

  #redo(card) {
    const seed = crypto.getRandomValues(new Uint32Array(1))[0];
    const asked = redoRequest(this.#story, card, seed);
    const refusal = this.#job ? "One drawing at a time, please." : troubleOf(card);
    if (refusal || !asked) {
      note(refusal ?? "Draw the whole story first.", "bad");
      return;
    }
    const { request: fields, panels, at } = asked;
    const drawn = drawnFrom(card);
    const told = { kind: "one", ids: [card.id], panels, at, drawn, steps: fields.num_steps };
    this.#follow(new Job(this.app.api, { slug: SLUG, fields, note: told }), () => this.#redo(card));
  }

  #follow(job, retry) {
    this.#job = job;
    this.progress.follow(job, { retry });
    showGrowing(job, this.desk, this.sheet);
    job.addEventListener("accepted", () => Underway.remember("story", job));
    job.addEventListener("completed", ({ detail }) => this.#made(job, detail.result));
    job.addEventListener("over", () => {
      Underway.forget("story");
      this.#job = null;
      this.#changed();
      this.app.refresh();
    });
    this.#paintGo();
    this.sheet.say("");
    job.run();
  }

  #made({ note: told }, result) {
    if (told.kind === "all") this.#drawn(told.ids, told.fields, result.images, result.seed);
    else {
      const [image] = result.images;
      this.#story = { ...this.#story, panels: told.panels };
      this.desk.list.update(told.ids[0], { image, drawn: told.drawn, origin: told.at });
    }
    for (const warning of result.warnings) this.sheet.say(warning);
  }

  #drawn(ids, fields, images, seed) {
    const panels = images.filter(({ kind }) => kind === "panel");
    const told = parseScript(fields.comic_description);
    const known = new Set(
      this.controls.map(({ name }) => name).filter((name) => !UNSEEN.includes(name)),
    );
    const own = Object.fromEntries(Object.entries(fields).filter(([name]) => known.has(name)));
    this.#story = { fields: { ...own, seed: Number(seed) }, panels: told, seed: Number(seed) };
    this.desk.canRedo = true;
    ids.forEach((id, at) => {
      if (panels[at])
        this.desk.list.update(id, { image: panels[at], drawn: drawnFrom(told[at]), origin: at });
    });
    this.seed.used(seed);
    const pages = images.filter(({ kind }) => kind !== "panel").map(({ url }) => here(url));
    this.printing.show(pages, this.desk.cards, this.#layout());
    this.#changed();
  }

  #resume() {
    const left = Underway.recall("story");
    if (left) this.#follow(new Job(this.app.api, left), null);
  }
}

customElements.define("story-page", StoryPage);
