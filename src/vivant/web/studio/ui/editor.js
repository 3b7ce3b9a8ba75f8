// The pose editor: tools, canvas, the joint in hand, and poses to begin with.

import {
  addPeople,
  duplicatePerson,
  mirrorPerson,
  moveJoint,
  removePerson,
  resize,
  scalePerson,
  toggleJoint,
} from "../core/edits.js";
import { fromOpenPose, samePose, toOpenPose } from "../core/openpose.js";
import { emptyPose, hasAnybody } from "../core/skeleton.js";
import { Undo } from "../core/undo.js";
import { count } from "../core/words.js";
import { downloadBlob, h, kept, settled } from "./dom.js";
import { takeFiles } from "./filedrop.js";
import "./jointbar.js";
import { announce, note, problemCard } from "./notes.js";
import { readPicture } from "./pictures.js";
import "./posetools.js";
import "./posetray.js";
import "./stage.js";

const KEYS =
  "Arrow keys move what is chosen, with Shift further. N and P choose the next and previous joint, " +
  "F the next figure, Escape the whole figure; plus and minus scale it, brackets turn it, M mirrors it.";

/** Edits one pose; every change of it is told as "change". */
export class PoseEditor extends HTMLElement {
  #undo;
  #backdrop = null;

  constructor(api, presets) {
    super();
    this.api = api;
    this.presets = presets.map(({ name, pose }) => ({ name, pose: fromOpenPose(pose) }));
    this.#undo = new Undo(this.#begin());
  }

  #begin() {
    try {
      const draft = kept.read("pose", null);
      return draft ? fromOpenPose(draft) : this.presets.find(({ name }) => name === "waving").pose;
    } catch {
      return emptyPose();
    }
  }

  connectedCallback() {
    if (this.stage) return;
    this.stage = document.createElement("pose-stage");
    this.tools = document.createElement("pose-tools");
    this.joints = document.createElement("joint-bar");
    this.tray = document.createElement("pose-tray");
    this.trouble = h("div.trouble");
    this.hollow = h(
      "div.hollow",
      {},
      h("p.title", {}, "An empty canvas"),
      h("p", {}, "Choose a pose below, or drop a picture of somebody here."),
    );
    this.append(
      this.tools,
      this.trouble,
      h("div.table", {}, this.stage, this.hollow),
      this.joints,
      this.tray,
      h("p.hidden", { id: "stage-keys" }, KEYS),
    );
    this.tray.show(this.presets);
    this.#listen();
    takeFiles(this, (file) => this.open(file));
    this.#paint();
    if (this.pose.people.length) this.stage.select(0);
  }

  #save = settled(300, () => kept.write("pose", toOpenPose(this.pose)));

  get pose() {
    return this.#undo.present;
  }

  get hasAnybody() {
    return hasAnybody(this.pose);
  }

  /** What goes into a request: a name where the pose is just one that ships, else OpenPose JSON. */
  get image() {
    const ships = this.presets.find(({ pose }) => samePose(pose, this.pose));
    return ships ? `preset:${ships.name}` : toOpenPose(this.pose);
  }

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
    announce("Looking for people");
    try {
      const read = await readPicture(this.api, file);
      this.take(read.pose, read.url ? { url: read.url, opacity: 0.55 } : null);
      if (read.problem) this.trouble.replaceChildren(unread(read.problem, () => this.#standIn()));
      else announce(count(read.pose.people.length, "figure"));
    } catch (problem) {
      this.trouble.replaceChildren(problemCard(problem));
    } finally {
      this.classList.remove("busy");
    }
  }

  #listen() {
    const asked = {
      open: (file) => this.open(file),
      save: (kind) => this.#export(kind),
      fade: (opacity) => this.#fade(opacity),
      away: () => this.#takeAway(),
      shape: ([width, height]) => this.#push(resize(this.pose, width, height)),
      undo: () => this.#step("undo"),
      redo: () => this.#step("redo"),
      mirror: () => this.#edit(mirrorPerson),
      copy: () => this.#duplicate(),
      trash: () => this.#edit(removePerson),
    };
    for (const [name, action] of Object.entries(asked))
      this.tools.addEventListener(name, ({ detail }) => action(detail));
    this.stage.addEventListener("draft", () =>
      this.joints.show(this.stage.pose, this.stage.selection),
    );
    this.stage.addEventListener("edit", () => this.#push(this.stage.pose));
    this.stage.addEventListener("select", () => this.#paint());
    this.joints.addEventListener("choose", ({ detail: { person, joint } }) =>
      this.stage.select(person, joint),
    );
    this.joints.addEventListener("toggle", () => this.#toggle());
    this.joints.addEventListener("place", ({ detail: [x, y] }) =>
      this.#edit((pose, person) => moveJoint(pose, person, this.stage.selection.joint, x, y)),
    );
    this.joints.addEventListener("scale", ({ detail }) => {
      this.stage.pose = scalePerson(this.pose, this.stage.selection.person, detail);
    });
    this.joints.addEventListener("scaled", () => this.#push(this.stage.pose));
    this.tray.addEventListener("choose", ({ detail }) => this.#choose(detail));
    this.tray.addEventListener("blank", () =>
      this.take(emptyPose(this.pose.width, this.pose.height)),
    );
    this.addEventListener("keydown", (event) => this.#key(event));
  }

  #key(event) {
    const writing = "input:not([type=range]), select, textarea";
    if (event.target.matches(writing)) return;
    const key = event.key.toLowerCase();
    const command = event.ctrlKey || event.metaKey;
    if (command && key === "z") this.#step(event.shiftKey ? "redo" : "undo");
    else if (command && key === "y") this.#step("redo");
    else if (command && key === "d") this.#duplicate();
    else if (!command && key === "m") this.#edit(mirrorPerson);
    else if (key === "delete" || key === "backspace") this.#remove();
    else return;
    event.preventDefault();
  }

  #fade(opacity) {
    this.#backdrop = { ...this.#backdrop, opacity };
    this.stage.backdrop = this.#backdrop;
  }

  // Somebody to fit to a picture by hand.
  #standIn() {
    this.#choose(this.presets.find(({ name }) => name === "standing").pose);
  }

  #takeAway() {
    this.#backdrop = null;
    this.#paint();
  }

  #choose(preset) {
    const { person } = this.stage.selection;
    const { adding } = this.tray;
    const others = !adding && person >= 0 ? removePerson(this.pose, person) : this.pose;
    if (others.people.length === 0 && !this.#backdrop)
      this.#push(preset); // with its own canvas
    else if (adding) this.#push(addPeople(this.pose, preset));
    else {
      const { people } = resize(preset, others.width, others.height);
      this.#push({ ...others, people: [...others.people, ...people] });
    }
    this.stage.select(this.pose.people.length - 1);
  }

  #step(way) {
    this.#undo[way]();
    this.#changed();
  }

  #push(pose) {
    this.#undo.push(pose);
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
    if (this.stage.selection.joint >= 0) this.#toggle();
    else this.#edit(removePerson);
  }

  #toggle() {
    const { joint } = this.stage.selection;
    if (joint >= 0) this.#edit((pose, person) => toggleJoint(pose, person, joint));
  }

  async #export(kind) {
    if (!this.hasAnybody) {
      note("There is nobody on the canvas yet.");
      return;
    }
    const pose = toOpenPose(this.pose);
    if (kind === "json") {
      const text = JSON.stringify(pose, null, 1);
      downloadBlob(new Blob([text], { type: "application/json" }), "pose.json");
      return;
    }
    try {
      downloadBlob(await this.api.file("/v1/pose/render", { pose }), "pose.png");
    } catch (problem) {
      this.trouble.replaceChildren(problemCard(problem));
    }
  }

  #changed() {
    if (this.hasAnybody) this.trouble.replaceChildren();
    this.#paint();
    this.#save();
    this.dispatchEvent(new Event("change"));
  }

  #paint() {
    if (this.stage.pose !== this.pose) this.stage.pose = this.pose;
    this.stage.backdrop = this.#backdrop;
    this.hollow.hidden = this.pose.people.length > 0 || this.#backdrop !== null;
    this.tools.show({
      canUndo: this.#undo.canUndo,
      canRedo: this.#undo.canRedo,
      chosen: Boolean(this.pose.people[this.stage.selection.person]),
      opacity: this.#backdrop?.opacity ?? null,
    });
    this.joints.show(this.pose, this.stage.selection);
  }
}

function unread(problem, standIn) {
  const nobody = "Nobody was found in this picture";
  return h(
    "div.problem",
    { role: "alert", data: { kind: "mild" } },
    h("strong", {}, problem.status === 422 ? nobody : "Photos cannot be read here yet"),
    h(
      "p",
      {},
      "It lies on the canvas as a guide: choose a pose below and fit it by hand, or open another picture.",
    ),
    h(
      "div.row",
      {},
      h("button", { type: "button", on: { click: standIn } }, "Stand somebody there"),
    ),
    h("details", {}, h("summary", {}, "What the server says"), h("p", {}, problem.message)),
  );
}

customElements.define("pose-editor", PoseEditor);
