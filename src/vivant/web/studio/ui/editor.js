// The pose editor: tools, canvas, the joint in hand, and poses to begin with.

import {
  JOINTS, addPeople, duplicatePerson, emptyPose, fromOpenPose, hasAnybody, mirrorPerson, moveJoint, removePerson,
  resize, scalePerson, toOpenPose, toggleJoint,
} from "../core/skeleton.js";
import { Undo } from "../core/undo.js";
import { downloadBlob, h, kept, settled, unique } from "./dom.js";
import { icon } from "./icons.js";
import { announce, note, problemCard } from "./notes.js";
import { readPicture } from "./pictures.js";
import { figureDrawing } from "./stage.js";

const SHAPES = [
  ["Square", 768, 768], ["Portrait", 640, 896], ["Landscape", 896, 640], ["Tall", 576, 1024], ["Wide", 1024, 576],
];

/** Edits one pose; every change of it is told as "change". */
export class PoseEditor extends HTMLElement {
  #undo = new Undo(emptyPose());
  #adding = false;
  #backdrop = null;

  constructor(api, presets) {
    super();
    this.api = api;
    this.presets = presets.map(({ name, pose }) => ({ name, pose: fromOpenPose(pose) }));
    const draft = kept.read("pose", null);
    try {
      this.#undo = new Undo(draft ? fromOpenPose(draft) : this.presets.find(({ name }) => name === "waving").pose);
    } catch {
      this.#undo = new Undo(emptyPose());
    }
  }

  connectedCallback() {
    if (this.firstChild) return;
    this.stage = document.createElement("pose-stage");
    this.stage.addEventListener("draft", () => this.#paintJoint());
    this.stage.addEventListener("edit", () => this.#push(this.stage.pose));
    this.stage.addEventListener("select", () => this.#paint());
    this.trouble = h("div.trouble");
    this.append(this.#tools(), this.trouble, h("div.table", {}, this.stage, this.#empty()), this.#jointBar(), this.#tray(),
      h("p.hidden", { id: "stage-keys" },
        "Arrow keys move what is chosen, with Shift further. N and P choose the next and previous joint, F the next figure, ",
        "Escape the whole figure, plus and minus scale it, brackets turn it."));
    this.#listen();
    this.#save = settled(300, () => kept.write("pose", toOpenPose(this.pose)));
    this.#paint();
    if (this.pose.people.length) this.stage.select(0);
  }

  #save = () => {};

  get pose() { return this.#undo.present; }

  /** What goes into a request: a name where the pose is just one that ships, else OpenPose JSON. */
  get image() {
    const now = JSON.stringify(toOpenPose(this.pose));
    const ships = this.presets.find(({ pose }) => JSON.stringify(toOpenPose(pose)) === now);
    return ships ? `preset:${ships.name}` : toOpenPose(this.pose);
  }

  get hasAnybody() { return hasAnybody(this.pose); }

  /** Put another pose in this one's place; it can be undone. */
  take(pose, backdrop = null) {
    this.#backdrop = backdrop;
    this.#push(pose);
    this.stage.select(pose.people.length ? 0 : -1);
  }

  /** Read a picture, a skeleton drawing or OpenPose JSON. */
  async open(file) {
    this.trouble.replaceChildren();
    this.classList.add("busy");
    try {
      const read = await readPicture(this.api, file);
      this.take(read.pose, read.url ? { url: read.url, opacity: 0.55 } : null);
      if (read.problem) this.#nobody(read.problem);
      else announce(`${read.pose.people.length} figures`);
    } catch (problem) {
      this.trouble.replaceChildren(problemCard(problem));
    } finally {
      this.classList.remove("busy");
    }
  }

  #nobody(problem) {
    this.trouble.replaceChildren(h("div.problem", { role: "alert", data: { kind: "mild" } },
      h("strong", {}, "Nobody was found in this picture"),
      h("p", {}, "It lies on the canvas as a guide. Choose a pose below and fit it by hand, or open another picture."),
      h("details", {}, h("summary", {}, "What the server says"), h("p", {}, problem.message))));
  }

  #tools() {
    const tool = (name, label, action, key = "") => h("button.tool", {
      type: "button", "aria-label": label, title: key ? `${label} (${key})` : label, data: { tool: name }, on: { click: action },
    }, icon(name));
    const picker = h("input", { type: "file", accept: "image/*,.json,application/json", hidden: true, on: { change: () => {
      if (picker.files[0]) this.open(picker.files[0]);
      picker.value = "";
    } } });
    const id = unique("fade");
    this.fade = h("label.fade", { hidden: true, for: id }, h("span", {}, "Picture"),
      h("input", { type: "range", id, min: 0, max: 1, step: 0.05, on: { input: (event) => this.#fade(Number(event.target.value)) } }),
      tool("close", "Take the picture away", () => { this.#backdrop = null; this.#paint(); }));
    const save = h("details.menu", {}, h("summary.tool.labelled", { "aria-label": "Save the pose" }, icon("save"), h("span", {}, "Save")),
      h("div.sheet", {},
        h("button", { type: "button", on: { click: () => this.#export("json") } }, "OpenPose JSON"),
        h("button", { type: "button", on: { click: () => this.#export("png") } }, "Skeleton drawing, PNG")));
    save.addEventListener("click", (event) => { if (event.target.closest(".sheet")) save.open = false; });
    return h("div.tools", { role: "toolbar", "aria-label": "Pose tools" },
      h("button.tool.labelled", { type: "button", title: "Open a picture, a skeleton drawing or OpenPose JSON", "aria-label": "Open a picture", on: { click: () => picker.click() } }, icon("picture"), h("span", {}, "Open")), picker, save,
      h("span.gap"), this.fade, h("span.gap"),
      tool("undo", "Undo", () => this.#step("undo"), "Ctrl+Z"), tool("redo", "Redo", () => this.#step("redo"), "Ctrl+Y"), h("span.bar"),
      tool("mirror", "Mirror the figure", () => this.#edit(mirrorPerson)),
      tool("copy", "Duplicate the figure", () => this.#duplicate(), "Ctrl+D"),
      tool("trash", "Remove the figure", () => this.#edit(removePerson), "Delete"),
      this.#shapes());
  }

  #shapes() {
    const menu = h("details.menu.last", {}, h("summary.tool", { "aria-label": "Shape of the canvas", title: "Shape of the canvas" }, icon("expand")),
      h("div.sheet", {}, SHAPES.map(([label, width, height]) => h("button", { type: "button", on: { click: () => {
        menu.open = false;
        this.#push(resize(this.pose, width, height));
      } } }, label, h("span.facts", {}, `${width} × ${height}`)))));
    return menu;
  }

  #empty() {
    this.hollow = h("div.hollow", {},
      h("p.title", {}, "An empty canvas"),
      h("p", {}, "Choose a pose below, or drop a picture of somebody here."));
    return this.hollow;
  }

  #jointBar() {
    const joint = unique("joint");
    const number = (label) => h("input.value", { type: "number", step: 1, "aria-label": label, on: { change: () => this.#place() } });
    this.joint = h("select", { id: joint, on: { change: () => this.stage.select(Math.max(this.stage.selection.person, 0), Number(this.joint.value)) } },
      h("option", { value: "-1" }, "Whole figure"), JOINTS.map((name, at) => h("option", { value: String(at) }, name)));
    this.figure = h("select", { "aria-label": "Figure", on: { change: () => this.stage.select(Number(this.figure.value), this.stage.selection.joint) } });
    [this.x, this.y] = [number("From the left"), number("From the top")];
    this.seen = h("button.quiet", { type: "button", on: { click: () => this.#toggle() } });
    this.size = h("input", { type: "range", min: -1, max: 1, step: 0.02, value: "0", "aria-label": "Scale the figure", on: {
      input: () => { this.stage.pose = scalePerson(this.pose, this.stage.selection.person, 2 ** Number(this.size.value)); },
      change: () => { this.#push(this.stage.pose); this.size.value = 0; },
    } });
    this.jointBar = h("div.jointbar", { role: "group", "aria-label": "What is chosen" },
      this.figure, h("label.hidden", { for: joint }, "Joint"), this.joint,
      h("span.pair.one", {}, h("span", { "aria-hidden": "true" }, "x"), this.x, h("span", { "aria-hidden": "true" }, "y"), this.y), this.seen,
      h("span.pair.all", {}, h("span", { "aria-hidden": "true" }, "Size"), this.size));
    return this.jointBar;
  }

  #tray() {
    const id = unique("adding");
    const box = h("input", { type: "checkbox", role: "switch", id, on: { change: () => { this.#adding = box.checked; } } });
    return h("section.tray", { "aria-label": "Poses" },
      h("div.row.spread", {}, h("h3", {}, "Poses"), h("label.switch", { for: id }, box, "Add as another figure")),
      h("ul.poses", {}, this.presets.map(({ name, pose }) => h("li", {},
        h("button.pose", { type: "button", on: { click: () => this.#choose(pose) } },
          figureDrawing(pose), h("span", {}, name.replaceAll("_", " "))))),
      h("li", {}, h("button.pose.blank", { type: "button", on: { click: () => this.take(emptyPose(this.pose.width, this.pose.height)) } },
        icon("add"), h("span", {}, "empty canvas")))));
  }

  #choose(preset) {
    const { person } = this.stage.selection;
    const replaced = !this.#adding && person >= 0 ? removePerson(this.pose, person) : this.pose;
    const fresh = this.pose.people.length === 0 || (!this.#adding && replaced.people.length === 0 && !this.#backdrop);
    const next = fresh && !this.#backdrop ? preset : this.#adding ? addPeople(this.pose, preset)
      : { ...replaced, people: [...replaced.people, ...resize(preset, replaced.width, replaced.height).people] };
    this.#push(next);
    this.stage.select(next.people.length - 1);
  }

  #listen() {
    this.addEventListener("keydown", (event) => {
      const key = event.key.toLowerCase();
      if (event.target.matches("input, select, textarea") && event.target.type !== "range") return;
      if ((event.ctrlKey || event.metaKey) && key === "z") this.#step(event.shiftKey ? "redo" : "undo");
      else if ((event.ctrlKey || event.metaKey) && key === "y") this.#step("redo");
      else if ((event.ctrlKey || event.metaKey) && key === "d") this.#duplicate();
      else if (key === "delete" || key === "backspace") this.#remove();
      else return;
      event.preventDefault();
    });
    this.addEventListener("dragover", (event) => { event.preventDefault(); this.classList.add("over"); });
    for (const end of ["dragleave", "drop"]) this.addEventListener(end, () => this.classList.remove("over"));
    this.addEventListener("drop", (event) => {
      event.preventDefault();
      if (event.dataTransfer.files[0]) this.open(event.dataTransfer.files[0]);
    });
    document.addEventListener("paste", (event) => {
      const file = [...(event.clipboardData?.files ?? [])][0];
      if (file && this.offsetParent !== null) this.open(file);
    });
  }

  #step(way) {
    this.#undo[way]();
    this.#paint();
    this.#changed();
  }

  #edit(change) {
    const { person } = this.stage.selection;
    if (this.pose.people[person]) this.#push(change(this.pose, person));
  }

  #duplicate() {
    this.#edit(duplicatePerson);
    this.stage.select(this.pose.people.length - 1);
  }

  #remove() {
    const { joint } = this.stage.selection;
    if (joint >= 0) this.#edit((pose, person) => toggleJoint(pose, person, joint));
    else this.#edit(removePerson);
  }

  #toggle() {
    const { joint } = this.stage.selection;
    if (joint >= 0) this.#edit((pose, person) => toggleJoint(pose, person, joint));
  }

  #place() {
    const { joint } = this.stage.selection;
    this.#edit((pose, person) => moveJoint(pose, person, joint, Number(this.x.value), Number(this.y.value)));
  }

  #fade(opacity) {
    this.#backdrop = { ...this.#backdrop, opacity };
    this.stage.backdrop = this.#backdrop;
  }

  async #export(kind) {
    if (!this.hasAnybody) { note("There is nobody on the canvas yet."); return; }
    if (kind === "json") {
      const text = JSON.stringify(toOpenPose(this.pose), null, 1);
      downloadBlob(new Blob([text], { type: "application/json" }), "pose.json");
      return;
    }
    try {
      downloadBlob(await this.api.file("/v1/pose/render", { pose: toOpenPose(this.pose) }), "pose.png");
    } catch (problem) {
      this.trouble.replaceChildren(problemCard(problem));
    }
  }

  #push(pose) {
    this.#undo.push(pose);
    this.#paint();
    this.#changed();
  }

  #changed() {
    this.#save();
    this.dispatchEvent(new Event("change"));
  }

  #paint() {
    if (!this.stage) return;
    if (this.stage.pose !== this.pose) this.stage.pose = this.pose;
    this.stage.backdrop = this.#backdrop;
    const { person } = this.stage.selection;
    const chosen = Boolean(this.pose.people[person]);
    this.fade.hidden = !this.#backdrop;
    if (this.#backdrop) this.fade.querySelector("input").value = this.#backdrop.opacity;
    this.hollow.hidden = this.pose.people.length > 0 || this.#backdrop !== null;
    for (const [name, on] of [["undo", this.#undo.canUndo], ["redo", this.#undo.canRedo], ["mirror", chosen], ["copy", chosen], ["trash", chosen]]) {
      this.querySelector(`[data-tool="${name}"]`).disabled = !on;
    }
    this.figure.replaceChildren(...this.pose.people.map((_, at) => h("option", { value: String(at), selected: at === person }, `Figure ${at + 1}`)));
    this.jointBar.classList.toggle("none", !chosen);
    this.#paintJoint();
  }

  #paintJoint() {
    const { person, joint } = this.stage.selection;
    const body = this.stage.pose.people[person]?.body;
    this.joint.value = String(joint);
    const one = Boolean(body) && joint >= 0;
    this.jointBar.classList.toggle("whole", !one);
    for (const control of [this.joint, this.size]) control.disabled = !body;
    for (const control of [this.x, this.y, this.seen]) control.disabled = !one;
    if (!one) { this.seen.replaceChildren(icon("hidden"), "Hide"); return; }
    const [x, y, seen] = body[joint];
    [this.x.value, this.y.value] = [Math.round(x), Math.round(y)];
    this.seen.replaceChildren(icon(seen ? "hidden" : "eye"), seen ? "Hide" : "Show");
  }
}

customElements.define("pose-editor", PoseEditor);
