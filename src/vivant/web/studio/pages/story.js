// Story: panels on the left, the page as it will be printed beside them, settings on the right.

import { controlsOf, defaultsOf, requestOf } from "../core/schema.js";
import { parseScript, troubleOf } from "../core/script.js";
import {
  allDrawn,
  drawnFrom,
  isCurrent,
  pagesRequest,
  redoRequest,
  storyRequest,
} from "../core/story.js";
import { count, credits } from "../core/words.js";
import { here } from "../net/api.js";
import { Job, Underway } from "../net/job.js";
import { download, downloadBlob, h, kept, settled, unique } from "../ui/dom.js";
import { icon } from "../ui/icons.js";
import { note } from "../ui/notes.js";
import "../ui/pagesheet.js";
import "../ui/reference.js";
import "../ui/scriptdesk.js";
import { tabs } from "../ui/tabs.js";

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
    this.sheet.addEventListener("save", ({ detail }) => this.#save(detail));
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
      id,
      rows: 2,
      maxLength: 10000,
      placeholder,
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
    this.go = h("button.primary.go", { type: "button", on: { click: () => this.draw() } });
    this.trouble = h("p.trouble", { role: "status" });
    const shown = this.controls.filter(({ name }) => ![...OWN, ...UNSEEN].includes(name));
    const first = UP_FRONT.map((name) => shown.find((control) => control.name === name));
    const rest = shown.filter(({ name }) => !UP_FRONT.includes(name));
    this.form.show(
      [...first, ...rest],
      { ...defaultsOf(shown), ...draft.values },
      {
        folded: rest.map(({ name }) => name),
      },
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
    return h(
      "div.hollow",
      {},
      h("p.title", {}, "A page waits to be filled"),
      h(
        "p",
        {},
        "Say who the story is about, write a line for each panel, or paste a whole script.",
      ),
      h("button", write, icon("spark"), "Write the example"),
    );
  }

  #listen() {
    this.character.addEventListener("input", () => this.#changed());
    for (const part of [this.desk, this.form, this.seed, this.face]) {
      part.addEventListener("change", () => this.#changed());
    }
    this.desk.addEventListener("redo", ({ detail }) => this.#redo(detail));
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
    this.laidOut = null;
    this.sheet.pages = [];
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
    this.#drawn(
      this.desk.cards.map(({ id }) => id),
      past.inputs,
      past.outputs,
      past.seed,
    );
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
    this.code.call = {
      base: location.origin,
      slug: SLUG,
      fields,
      file: `page.${fields.output_format}`,
    };
    kept.write("story", {
      character: this.character.value,
      cards,
      seed: this.seed.value,
      values: this.form.values,
      reference: this.face.value,
      story: this.#story,
    });
    this.#quote();
    this.#paintGo();
    if (this.#story && allDrawn(cards)) this.#layOut();
  }

  #quote = settled(400, async () => {
    if (!this.app.api.isSignedIn || this.#missing()) return;
    try {
      this.price = (await this.app.api.post(`/v1/${SLUG}/price`, this.fields)).price;
      this.trouble.textContent = "";
    } catch (problem) {
      this.price = null;
      if (problem.status === 422) this.trouble.textContent = problem.message;
    }
    this.#paintGo();
  });

  // The page follows captions, order and layout without being drawn again.
  #layOut = settled(500, async () => {
    const { cards } = this.desk;
    if (!allDrawn(cards) || this.#job) return;
    const request = pagesRequest(cards, this.#layout(), "webp");
    const asked = JSON.stringify(request);
    if (asked === this.laidOut) return;
    try {
      const { pages, warnings } = await this.app.api.post("/v1/story/pages", request);
      this.laidOut = asked;
      this.sheet.pages = pages.map(
        ({ image, content_type: type }) => `data:${type};base64,${image}`,
      );
      this.sheet.say(warnings[0] ?? this.#standing());
    } catch (problem) {
      this.sheet.say(problem.message);
    }
  });

  #layout() {
    return { ...this.form.values, seed: this.#story.seed };
  }

  #standing() {
    const changed = this.desk.cards.filter((card) => !isCurrent(card)).length;
    if (!changed) return "As it will be printed";
    return `${count(changed, "panel")} changed since ${changed === 1 ? "it was" : "they were"} drawn`;
  }

  #missing() {
    const { cards } = this.desk;
    if (!cards.length) return "Add a panel first.";
    const at = cards.findIndex(troubleOf);
    return at < 0 ? null : `Panel ${at + 1} says nothing yet.`;
  }

  #paintGo() {
    const price = this.price ?? null;
    this.go.replaceChildren(
      h("span", {}, this.#job ? "Drawing" : `Draw ${count(this.desk.cards.length, "panel")}`),
      price === null ? "" : h("span.price", {}, `${credits(price)} credits`),
    );
    this.go.disabled = this.#job !== null;
  }

  draw() {
    if (this.#job) return;
    const missing = this.#missing();
    if (missing) {
      note(missing, "bad");
      this.querySelector("textarea[data-empty]")?.focus();
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
    const told = {
      kind: "one",
      ids: [card.id],
      panels,
      at,
      drawn: drawnFrom(card),
      steps: fields.num_steps,
    };
    this.#follow(new Job(this.app.api, { slug: SLUG, fields, note: told }), () => this.#redo(card));
  }

  #follow(job, retry) {
    this.#job = job;
    this.progress.follow(job, { retry });
    const cardOf = (index) => job.note.ids[job.note.kind === "all" ? index : 0];
    const done = new Map();
    job.addEventListener("accepted", () => Underway.remember("story", job));
    job.addEventListener("progress", ({ detail }) => {
      const shown = detail.panels.filter(
        (index) => job.note.kind === "all" || index === job.note.at,
      );
      for (const index of shown) {
        done.set(index, (done.get(index) ?? 0) + 1);
        this.desk.list.growing(cardOf(index), {
          share: Math.min(done.get(index) / job.note.steps, 0.99),
        });
      }
    });
    job.addEventListener("picture", ({ detail: { kind, index, preview } }) => {
      if (kind === "panel") this.desk.list.growing(cardOf(index), { preview, share: 1 });
      else if (index === 0) this.sheet.pages = [preview];
    });
    job.addEventListener("completed", ({ detail }) => this.#made(job, detail.result));
    job.addEventListener("over", () => {
      Underway.forget("story");
      this.#job = null;
      this.desk.list.settle();
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
    this.sheet.pages = images.filter(({ kind }) => kind !== "panel").map(({ url }) => here(url));
    if (allDrawn(this.desk.cards)) {
      this.laidOut = JSON.stringify(pagesRequest(this.desk.cards, this.#layout(), "webp"));
    }
    this.sheet.say(this.#standing());
    this.#changed();
  }

  async #save(format) {
    if (format === "pages") {
      this.sheet.pages.forEach((url, at) =>
        download(url, `page-${at + 1}.${this.form.values.output_format}`),
      );
      return;
    }
    if (!allDrawn(this.desk.cards)) {
      note("Some panels are not drawn yet.");
      return;
    }
    try {
      const request = pagesRequest(this.desk.cards, this.#layout(), format);
      const file = await this.app.api.file("/v1/story/pages", request);
      downloadBlob(file, format === "zip" ? "panels.zip" : `story.${format}`);
    } catch (problem) {
      note(problem.message, "bad");
    }
  }

  #resume() {
    const left = Underway.recall("story");
    if (left) this.#follow(new Job(this.app.api, left), null);
  }
}

customElements.define("story-page", StoryPage);
