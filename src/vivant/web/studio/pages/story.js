// Story: panels on the left, the page as it will be printed beside them, settings on the right.

import { controlsOf, defaultsOf, requestOf } from "../core/schema.js";
import { MOST_PANELS, parseScript, printScript, troubleOf } from "../core/script.js";
import { allDrawn, drawnFrom, isCurrent, mergeScript, newCard, pagesRequest, redoRequest, storyRequest } from "../core/story.js";
import { count, credits } from "../core/words.js";
import { here } from "../net/api.js";
import { Job, Underway } from "../net/job.js";
import { download, downloadBlob, h, kept, settled, unique } from "../ui/dom.js";
import { icon } from "../ui/icons.js";
import { note } from "../ui/notes.js";
import { tabs } from "../ui/tabs.js";

const SLUG = "storydiffusion";
const OWN = ["character_description", "comic_description", "ref_image", "seed"];
const UNSEEN = ["base64", "redo", "redo_seed"];
const UP_FRONT = ["style_name", "comic_style"];

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
    if (this.firstChild) return;
    const draft = kept.read("story", { character: "", cards: [], seed: -1, values: {}, reference: null, story: null });
    this.#story = draft.story;
    this.reference = draft.reference;
    this.sheet = document.createElement("page-sheet");
    this.sheet.className = "pane";
    this.progress = document.createElement("job-progress");
    this.append(h("div.bench.telling", {},
      h("section.pane.writing", { "aria-label": "Script" }, this.#writing(draft)),
      h("section.showing", { "aria-label": "Page" }, this.sheet),
      h("section.brief", { "aria-label": "Style and settings" }, this.#brief(draft))));
    this.sheet.invitation = this.#invitation();
    this.sheet.addEventListener("save", ({ detail }) => this.#save(detail));
    this.cards.canRedo = this.#story !== null;
    this.cards.cards = draft.cards.length ? draft.cards : [newCard(this.cards.nextId()), newCard(this.cards.nextId())];
    this.cards.addEventListener("change", () => this.#changed());
    this.cards.addEventListener("redo", ({ detail }) => this.#redo(detail));
    this.addEventListener("keydown", (event) => { if ((event.ctrlKey || event.metaKey) && event.key === "Enter") this.draw(); });
    this.addEventListener("paste", (event) => this.#pasted(event));
    this.#changed();
    this.#resume();
  }

  #writing(draft) {
    const id = unique("character");
    this.character = h("textarea", { id, rows: 2, maxLength: 10000, placeholder: "A girl with red hair, in a green coat", value: draft.character });
    this.character.addEventListener("input", () => this.#changed());
    this.cards = document.createElement("panel-cards");
    this.script = h("textarea.script", { rows: 12, maxLength: 10000, "aria-label": "Script, one panel a line", spellcheck: true });
    this.script.addEventListener("input", () => this.#readScript());
    this.counter = h("span.counter");
    const asScript = h("button.chip", { type: "button", "aria-pressed": "false" }, "As a script");
    asScript.addEventListener("click", () => this.#turn(asScript));
    this.scripted = h("div.scripted", { hidden: true }, this.script,
      h("p.help", {}, "One panel a line. [NC] leaves the character out, and what follows # is the caption."));
    this.face = h("div.face");
    const picker = h("input", { type: "file", accept: "image/*", hidden: true, on: { change: () => this.#refer(picker.files[0]) } });
    this.picker = picker;
    return [
      h("div.field", {}, h("div.label", {}, h("label", { for: id }, "Who it is about")), h("div.who", {}, this.character, this.face), picker),
      h("div.row.spread", {}, h("h2", {}, "Panels"), this.counter, h("span.gap"), asScript),
      this.scripted, this.cards,
      h("button.more", { type: "button", on: { click: () => this.cards.add() } }, icon("add"), "Add a panel")];
  }

  #brief(draft) {
    this.seed = document.createElement("seed-field");
    this.form = document.createElement("settings-form");
    this.code = document.createElement("code-samples");
    this.go = h("button.primary.go", { type: "button", on: { click: () => this.draw() } });
    this.trouble = h("p.trouble", { role: "status" });
    const shown = this.controls.filter(({ name }) => !OWN.includes(name) && !UNSEEN.includes(name));
    const rest = shown.filter(({ name }) => !UP_FRONT.includes(name));
    const order = [...UP_FRONT, ...rest.map(({ name }) => name)];
    shown.sort((one, other) => order.indexOf(one.name) - order.indexOf(other.name));
    this.form.show(shown, { ...defaultsOf(shown), ...draft.values }, { folded: rest.map(({ name }) => name) });
    queueMicrotask(() => {
      this.seed.value = draft.seed;
      for (const part of [this.form, this.seed]) part.addEventListener("change", () => this.#changed());
    });
    return [tabs("How to ask", [
      { label: "Compose", icon: "spark", content: [this.form, this.seed] },
      { label: "Code", icon: "code", content: [this.code] },
    ]), h("div.gobar", {}, this.progress, this.trouble, this.go)];
  }

  #invitation() {
    return h("div.hollow", {},
      h("p.title", {}, "A page waits to be filled"),
      h("p", {}, "Say who the story is about, write a line for each panel, or paste a whole script."),
      h("button", { type: "button", on: { click: () => this.#example() } }, icon("spark"), "Write the example"));
  }

  #example() {
    const [example] = this.schema.examples;
    this.load(example);
    note("The treasure hunt is on the table. Change what you like, then draw.");
  }

  /** Take over a request's fields. */
  load(fields) {
    this.character.value = fields.character_description ?? "";
    for (const [name, value] of Object.entries(fields)) this.form.set(name, value);
    this.seed.value = Number(fields.seed ?? -1);
    this.#story = null;
    this.cards.canRedo = false;
    this.sheet.pages = [];
    this.cards.cards = parseScript(fields.comic_description ?? "").map((panel) => newCard(this.cards.nextId(), panel));
    this.script.value = printScript(this.cards.cards);
    this.#changed();
  }

  /** Take over a request of the history, with the pictures that it made. */
  async reuse(past) {
    this.load({ ...past.inputs, seed: past.seed ?? past.inputs.seed });
    const panels = past.outputs.filter(({ kind }) => kind === "panel");
    if (panels.length !== this.cards.cards.length) return;
    this.#drawn(this.cards.cards.map(({ id }) => id), past.inputs, past.outputs, past.seed);
  }

  get fields() {
    const fields = {
      character_description: this.character.value.trim(),
      seed: this.seed.value,
      ...requestOf(this.controls, this.form.values),
      ...(this.reference ? { ref_image: this.reference } : {}),
    };
    return storyRequest(fields, this.cards.cards);
  }

  #turn(button) {
    const scripted = this.scripted.hidden;
    button.setAttribute("aria-pressed", String(scripted));
    this.scripted.hidden = !scripted;
    this.cards.hidden = scripted;
    this.querySelector(".more").hidden = scripted;
    if (scripted) {
      this.script.value = printScript(this.cards.cards);
      this.script.focus();
    }
  }

  #readScript() {
    this.cards.cards = mergeScript(this.cards.cards, parseScript(this.script.value), this.cards.nextId);
    this.#changed();
  }

  // Several lines pasted into a card are a script.
  #pasted(event) {
    const text = event.clipboardData?.getData("text/plain") ?? "";
    const into = event.target.closest("panel-cards textarea");
    const panels = parseScript(text);
    if (!into || panels.length < 2) return;
    event.preventDefault();
    const before = this.cards.cards.filter((card) => card.prompt.trim() || card.image);
    this.cards.cards = [...before, ...panels.map((panel) => newCard(this.cards.nextId(), panel))];
    note(`${count(panels.length, "panel")} of the script were added.`);
    this.#changed();
  }

  async #refer(file) {
    if (!file) return;
    const form = new FormData();
    form.append("file", file);
    try {
      this.reference = (await this.app.api.post("/upload-asset", form)).urls[0];
    } catch (problem) {
      note(problem.message, "bad");
    }
    this.picker.value = "";
    this.#changed();
  }

  #paintFace() {
    this.face.replaceChildren(this.reference
      ? h("button.portrait", { type: "button", "aria-label": "Take the reference picture away", title: "Take it away", on: { click: () => { this.reference = null; this.#changed(); } } },
        h("img", { src: here(this.reference), alt: "Reference picture" }), icon("close"))
      : h("button.portrait", { type: "button", "aria-label": "Add a reference picture of the face", title: "Reference picture", on: { click: () => this.picker.click() } }, icon("picture"), h("span", {}, "Face")));
  }

  #changed() {
    const { cards } = this.cards;
    const fields = this.fields;
    this.counter.textContent = `${cards.length} of ${MOST_PANELS}`;
    this.code.call = { base: location.origin, slug: SLUG, fields, file: `page.${fields.output_format}` };
    kept.write("story", { character: this.character.value, cards, seed: this.seed.value, values: this.form.values, reference: this.reference, story: this.#story });
    this.#paintFace();
    this.#quote();
    this.#paintGo();
    if (this.#story && allDrawn(cards)) this.#layOut();
  }

  #quote = settled(400, async () => {
    if (!this.app.api.isSignedIn || this.#trouble()) return;
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
    const { cards } = this.cards;
    if (!allDrawn(cards) || this.#job) return;
    const settings = { ...this.form.values, seed: this.#story.seed };
    const asked = JSON.stringify(pagesRequest(cards, settings, "webp"));
    if (asked === this.laidOut) return;
    try {
      const { pages, warnings } = await this.app.api.post("/v1/story/pages", JSON.parse(asked));
      this.laidOut = asked;
      this.sheet.pages = pages.map(({ image, content_type: type }) => `data:${type};base64,${image}`);
      this.sheet.say(warnings[0] ?? this.#standing());
    } catch (problem) {
      this.sheet.say(problem.message);
    }
  });

  #standing() {
    const changed = this.cards.cards.filter((card) => !isCurrent(card)).length;
    return changed ? `${count(changed, "panel")} changed since ${changed === 1 ? "it was" : "they were"} drawn` : "As it will be printed";
  }

  #trouble() {
    const at = this.cards.cards.findIndex(troubleOf);
    if (!this.cards.cards.length) return "Add a panel first.";
    return at < 0 ? null : `Panel ${at + 1} says nothing yet.`;
  }

  #paintGo() {
    this.go.replaceChildren(h("span", {}, `Draw ${count(this.cards.cards.length, "panel")}`), this.price != null ? h("span.price", {}, `${credits(this.price)} credits`) : "");
    this.go.disabled = this.#job !== null;
  }

  draw() {
    if (this.#job) return;
    const trouble = this.#trouble();
    if (trouble) { note(trouble, "bad"); this.querySelector("textarea[data-empty]")?.focus(); return; }
    const fields = this.fields;
    const ids = this.cards.cards.map(({ id }) => id);
    this.#follow(new Job(this.app.api, { slug: SLUG, fields, note: { kind: "all", ids, fields, steps: fields.num_steps } }), () => this.draw());
  }

  #redo(card) {
    if (this.#job) { note("One drawing at a time, please."); return; }
    const asked = redoRequest(this.#story, card, crypto.getRandomValues(new Uint32Array(1))[0]);
    if (!asked || troubleOf(card)) { note(troubleOf(card) ?? "Draw the whole story first.", "bad"); return; }
    const { request, panels, at } = asked;
    const job = new Job(this.app.api, { slug: SLUG, fields: request, note: { kind: "one", ids: [card.id], panels, at, drawn: drawnFrom(card), steps: request.num_steps } });
    this.#follow(job, () => this.#redo(card));
  }

  #follow(job, retry) {
    this.#job = job;
    this.progress.follow(job, { retry });
    const all = job.note.kind === "all";
    const idOf = (index) => (all ? job.note.ids[index] : job.note.ids[0]);
    const steps = new Map();
    job.addEventListener("accepted", () => Underway.remember("story", job));
    job.addEventListener("progress", ({ detail }) => {
      for (const index of detail.panels) {
        if (!all && index !== job.note.at) continue;
        steps.set(index, (steps.get(index) ?? 0) + 1);
        this.cards.growing(idOf(index), { share: Math.min(steps.get(index) / job.note.steps, 0.99) });
      }
    });
    job.addEventListener("picture", ({ detail }) => {
      if (detail.kind === "page") { if (detail.index === 0) this.sheet.pages = [detail.preview]; return; }
      this.cards.growing(idOf(detail.index), { preview: detail.preview, share: 1 });
    });
    job.addEventListener("completed", ({ detail }) => this.#made(job, detail.result));
    job.addEventListener("over", () => {
      Underway.forget("story");
      this.#job = null;
      this.cards.settle();
      this.#changed();
      this.app.refresh();
    });
    this.#paintGo();
    this.sheet.say("");
    job.run();
  }

  #made({ note: told }, result) {
    this.#job = null;
    if (told.kind === "all") this.#drawn(told.ids, told.fields, result.images, result.seed);
    else {
      const [image] = result.images;
      this.#story = { ...this.#story, panels: told.panels };
      this.cards.update(told.ids[0], { image, drawn: told.drawn, origin: told.at });
    }
    for (const warning of result.warnings) this.sheet.say(warning);
  }

  #drawn(ids, fields, images, seed) {
    const panels = images.filter(({ kind }) => kind === "panel");
    const pages = images.filter(({ kind }) => kind !== "panel");
    const told = parseScript(fields.comic_description);
    const own = Object.fromEntries(Object.entries(fields).filter(([name]) => this.controls.some((control) => control.name === name) && !UNSEEN.includes(name)));
    this.#story = { fields: { ...own, seed: Number(seed) }, panels: told, seed: Number(seed) };
    this.cards.canRedo = true;
    ids.forEach((id, at) => {
      if (panels[at]) this.cards.update(id, { image: panels[at], drawn: drawnFrom(told[at]), origin: at });
    });
    this.seed.used(seed);
    this.sheet.pages = pages.map(({ url }) => here(url));
    this.laidOut = JSON.stringify(pagesRequest(this.cards.cards.filter(({ image }) => image), { ...this.form.values, seed }, "webp"));
    this.sheet.say(this.#standing());
    this.#changed();
  }

  async #save(format) {
    if (format === "pages") {
      this.sheet.pages.forEach((url, at) => download(url, `page-${at + 1}.${/webp/.test(url) ? "webp" : this.form.values.output_format}`));
      return;
    }
    const { cards } = this.cards;
    if (!allDrawn(cards)) { note("Some panels are not drawn yet."); return; }
    try {
      const settings = { ...this.form.values, seed: this.#story.seed };
      downloadBlob(await this.app.api.file("/v1/story/pages", pagesRequest(cards, settings, format)), format === "zip" ? "panels.zip" : `story.${format}`);
    } catch (problem) {
      note(problem.message, "bad");
    }
  }

  #resume() {
    const left = Underway.recall("story");
    if (left) this.#follow(new Job(this.app.api, left), null);
    else if (this.#story && allDrawn(this.cards.cards)) this.#layOut();
  }
}

customElements.define("story-page", StoryPage);
