// Pose: figures on the left, the picture beside them, words and settings on the right.

import { controlsOf, defaultsOf, requestOf } from "../core/schema.js";
import { fromOpenPose } from "../core/openpose.js";
import { credits } from "../core/words.js";
import { here } from "../net/api.js";
import { Job, Underway } from "../net/job.js";
import { h, kept, unique } from "../ui/dom.js";
import { PoseEditor } from "../ui/editor.js";
import { icon } from "../ui/icons.js";
import { note } from "../ui/notes.js";
import { tabs } from "../ui/tabs.js";

const SLUG = "sd3-med-pose";
const OWN = ["prompt", "image", "seed"]; // fields with a place of their own on this page
const UNSEEN = ["base64", "pose_input"];
const UP_FRONT = ["samples", "strength"];

export class PosePage extends HTMLElement {
  #job = null;

  constructor(app, model, presets) {
    super();
    this.app = app;
    this.model = model;
    this.schema = model.schema;
    this.controls = controlsOf(this.schema);
    this.editor = new PoseEditor(app.api, presets);
  }

  connectedCallback() {
    if (this.firstChild) return;
    const draft = kept.read("pose-form", { prompt: "", seed: -1, values: {} });
    this.viewer = document.createElement("take-viewer");
    this.viewer.className = "pane";
    this.progress = document.createElement("job-progress");
    this.append(
      h("h1.hidden", {}, "Pose"),
      h(
        "div.bench",
        {},
        h("section.pane.posing", { "aria-label": "Pose" }, this.editor),
        h("section.showing", { "aria-label": "Picture" }, this.viewer),
        h("section.brief", { "aria-label": "Words and settings" }, this.#brief(draft)),
      ),
    );
    for (const part of [this.editor, this.form, this.seed])
      part.addEventListener("change", () => this.#changed());
    this.viewer.invitation = this.#invitation();
    this.viewer.takes = kept.read("takes", []);
    this.viewer.addEventListener("change", () => kept.write("takes", this.viewer.takes));
    this.go.addEventListener("draw", () => this.draw());
    this.go.addEventListener("allowed", () => this.#blame({}));
    this.go.addEventListener("refused", ({ detail }) => this.#blame(detail));
    this.viewer.addEventListener("vary", () => {
      this.seed.value = -1;
      this.draw();
    });
    this.viewer.addEventListener("keep-seed", ({ detail }) => {
      this.seed.value = Number(detail.image.seed);
      note(`Seed ${detail.image.seed} is kept.`);
    });
    this.viewer.addEventListener("reuse", ({ detail }) =>
      this.load(detail.take.fields, detail.take.pose),
    );
    this.addEventListener("keydown", (event) => {
      if ((event.ctrlKey || event.metaKey) && event.key === "Enter") this.draw();
    });
    this.#changed();
    this.#resume();
  }

  #brief(draft) {
    const id = unique("prompt");
    this.wordless = h("p.trouble", { id: unique("trouble") });
    this.prompt = h("textarea.prompt", {
      id,
      "aria-describedby": this.wordless.id,
      rows: 4,
      maxLength: 10000,
      placeholder: "A girl in a red dress, at the sea, at sunset",
      value: draft.prompt,
    });
    this.prompt.addEventListener("input", () => this.#changed());
    this.seed = document.createElement("seed-field");
    this.form = document.createElement("settings-form");
    this.code = document.createElement("code-samples");
    this.go = document.createElement("draw-button");
    this.trouble = h("p.trouble", { role: "status" });
    const shown = this.controls.filter(({ name }) => !OWN.includes(name) && !UNSEEN.includes(name));
    const order = [
      ...UP_FRONT,
      ...shown.map(({ name }) => name).filter((name) => !UP_FRONT.includes(name)),
    ];
    shown.sort((one, other) => order.indexOf(one.name) - order.indexOf(other.name));
    this.form.show(
      shown,
      { ...defaultsOf(shown), ...draft.values },
      { folded: order.filter((name) => !UP_FRONT.includes(name)) },
    );
    this.seed.value = draft.seed;
    return [
      tabs("How to ask", [
        {
          label: "Compose",
          icon: "spark",
          content: [
            h(
              "div.field",
              {},
              h("div.label", {}, h("label", { for: id }, "What to show")),
              this.prompt,
              this.wordless,
            ),
            this.form,
            this.seed,
          ],
        },
        { label: "Code", icon: "code", content: [this.code] },
      ]),
      h("div.gobar", {}, this.progress, this.trouble, this.go),
    ];
  }

  #invitation() {
    return h(
      "div.hollow",
      {},
      h("p.title", {}, "Nothing drawn yet"),
      h("p", {}, "Pose the figure, say what to show, and draw. Or begin with an example."),
      h(
        "button",
        { type: "button", on: { click: () => this.#example() } },
        icon("spark"),
        "Draw the example",
      ),
    );
  }

  #example() {
    const [example] = this.schema.examples;
    const { prompt } = example;
    this.load(
      { ...example, prompt },
      this.editor.presets.find(({ name }) => example.image === `preset:${name}`).pose,
    );
    this.draw();
  }

  /** Take over a request's fields, and its pose. */
  load(fields, pose) {
    if (pose) this.editor.take(pose);
    this.prompt.value = fields.prompt ?? "";
    for (const [name, value] of Object.entries(fields)) this.form.set(name, value);
    this.seed.value = Number(fields.seed ?? -1);
    this.#changed();
  }

  /** Take over a request of the history. */
  async reuse(past) {
    const { image } = past.inputs;
    let pose = null;
    if (typeof image === "string" && image.startsWith("preset:")) {
      pose = this.editor.presets.find(({ name }) => image === `preset:${name}`)?.pose;
    } else if (image?.url) pose = await this.#poseAt(here(image.url));
    this.load({ ...past.inputs, seed: past.seed ?? past.inputs.seed }, pose);
  }

  async #poseAt(path) {
    const blob = await (await this.app.api.send("GET", path)).blob();
    if (blob.type === "application/json") return fromOpenPose(JSON.parse(await blob.text()));
    await this.editor.open(new File([blob], "picture"));
    return null;
  }

  get fields() {
    return {
      prompt: this.prompt.value.trim(),
      image: this.editor.image,
      seed: this.seed.value,
      ...requestOf(this.controls, this.form.values),
    };
  }

  #changed() {
    const fields = this.fields;
    const file = `picture.${fields.output_format}`;
    this.code.call = { base: location.origin, slug: SLUG, fields, file };
    kept.write("pose-form", {
      prompt: this.prompt.value,
      seed: this.seed.value,
      values: this.form.values,
    });
    if (fields.prompt) this.#blamePrompt("");
    if (this.editor.hasAnybody && this.app.api.isSignedIn)
      this.go.quote(this.app.api, SLUG, { ...fields, prompt: fields.prompt || "a picture" });
    this.#paintGo();
  }

  #blame({ field = null, trouble = "" }) {
    const beside = this.form.blame(field, trouble);
    this.trouble.textContent = beside ? "" : [field, trouble].filter(Boolean).join(": ");
  }

  #blamePrompt(trouble) {
    this.wordless.textContent = trouble;
    if (trouble) this.prompt.setAttribute("aria-invalid", "true");
    else this.prompt.removeAttribute("aria-invalid");
  }

  #paintGo() {
    const { samples } = this.form.values;
    this.go.show(samples > 1 ? `Draw ${samples} pictures` : "Draw", this.#job !== null);
  }

  draw() {
    if (this.#job) return;
    if (!this.editor.hasAnybody) {
      note("Put somebody on the canvas first.", "bad");
      return;
    }
    if (!this.fields.prompt) {
      this.#blamePrompt("Say what to show first.");
      this.prompt.focus();
      return;
    }
    const fields = this.fields;
    this.#follow(
      new Job(this.app.api, { slug: SLUG, fields, note: { fields, pose: this.editor.pose } }),
    );
  }

  #follow(job) {
    this.#job = job;
    this.viewer.working = true;
    this.progress.follow(job, { retry: () => this.draw() });
    job.addEventListener("accepted", () => Underway.remember("pose", job));
    job.addEventListener("progress", ({ detail }) => {
      if (detail.preview) this.viewer.preview(detail.preview);
    });
    job.addEventListener("picture", ({ detail }) => this.viewer.preview(detail.preview));
    job.addEventListener("completed", ({ detail }) => this.#made(job, detail.result));
    job.addEventListener("over", () => {
      Underway.forget("pose");
      this.#job = null;
      this.viewer.working = false;
      this.#paintGo();
      this.app.refresh();
    });
    this.#paintGo();
    if (matchMedia("(max-width: 60rem)").matches)
      this.viewer.scrollIntoView({ behavior: "smooth", block: "start" });
    job.run();
  }

  #made(job, result) {
    this.viewer.working = false;
    this.viewer.add({
      id: result.request_id,
      images: result.images,
      pose: job.note.pose,
      fields: job.note.fields,
      time: result.metrics.inference_time,
      cost: credits(result.metrics.cost),
    });
    this.seed.used(result.seed);
    for (const warning of result.warnings) note(warning);
  }

  #resume() {
    const left = Underway.recall("pose");
    if (left) this.#follow(new Job(this.app.api, left));
  }
}

customElements.define("pose-page", PosePage);
