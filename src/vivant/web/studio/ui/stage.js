// The canvas: figures over a picture, moved by pointer or by keys.

import { dragged, jointAt, personAt } from "../core/grabbing.js";
import { keyed, spoken } from "../core/keying.js";
import { emptyPose, middleOf } from "../core/skeleton.js";
import { count } from "../core/words.js";
import { backdropImage, figureOf, frameOf } from "./canvas.js";
import { s } from "./dom.js";
import { announce } from "./notes.js";

// Pixels of the screen.
const REACH = { mouse: 16, pen: 16, touch: 22 };
const FAVOUR = 3; // by which joints of the chosen figure count as nearer
const ROOM = 14; // around a figure that still counts as the figure

/**
 * Shows a pose, and tells of edits by hand: "draft" while a hand moves, "edit" when it is done,
 * "select" when another figure or joint is chosen.
 */
export class PoseStage extends HTMLElement {
  #pose = emptyPose();
  #selection = { person: -1, joint: -1 };
  #grip = null;
  #backdrop = null;

  connectedCallback() {
    if (this.svg) return;
    this.svg = s("svg.stage", { role: "application", tabindex: "0", "aria-label": "Pose canvas" });
    this.svg.setAttribute("aria-describedby", "stage-keys");
    this.append(this.svg);
    this.svg.addEventListener("pointerdown", (event) => this.#down(event));
    this.svg.addEventListener("pointermove", (event) => this.#move(event));
    for (const end of ["pointerup", "pointercancel"])
      this.svg.addEventListener(end, () => this.#up());
    this.svg.addEventListener("keydown", (event) => this.#key(event));
    new ResizeObserver(() => this.#paint()).observe(this);
    this.#paint();
  }

  get pose() {
    return this.#pose;
  }

  set pose(pose) {
    this.#pose = pose;
    if (this.#selection.person >= pose.people.length)
      this.#selection = { person: pose.people.length - 1, joint: -1 };
    this.#paint();
  }

  get selection() {
    return this.#selection;
  }

  select(person, joint = -1) {
    const same = person === this.#selection.person && joint === this.#selection.joint;
    this.#selection = { person, joint };
    this.#paint();
    if (!same) this.dispatchEvent(new Event("select"));
  }

  /** A picture below the figures: {url, opacity}, or null. */
  set backdrop(backdrop) {
    this.#backdrop = backdrop;
    this.#paint();
  }

  // Pixels of the canvas in one pixel of the screen.
  get #grain() {
    return this.#pose.width / Math.max(this.svg?.clientWidth ?? 1, 1);
  }

  #paint() {
    if (!this.svg) return;
    const { width, height, people } = this.#pose;
    const { person, joint: held } = this.#selection;
    const grain = this.#grain;
    this.svg.setAttribute("viewBox", `0 0 ${width} ${height}`);
    this.style.setProperty("--shape", `${width} / ${height}`);
    this.style.setProperty("--ratio", String(width / height));
    const figures = people.map((each, index) =>
      figureOf(each, { index, chosen: index === person, held, grain, width }),
    );
    this.svg.replaceChildren(
      s("rect.ground", { width, height }),
      ...(this.#backdrop ? [backdropImage(this.#backdrop, this.#pose)] : []),
      ...figures,
      ...(people[person] ? [frameOf(people[person], grain)] : []),
    );
    const told = ["Pose canvas", count(people.length, "figure"), this.#spoken].filter(Boolean);
    this.svg.setAttribute("aria-label", told.join(", "));
  }

  get #spoken() {
    return spoken(this.#pose, this.#selection);
  }

  #point(event) {
    const matrix = this.svg.getScreenCTM().inverse();
    const { x, y } = new DOMPoint(event.clientX, event.clientY).matrixTransform(matrix);
    return [x, y];
  }

  #down(event) {
    if (event.button !== 0) return;
    const start = this.#point(event);
    const kind = event.target.dataset?.handle ?? this.#choose(start, event.pointerType);
    if (!kind) return;
    this.#grip = {
      ...{ kind, start, pose: this.#pose, ...this.#selection },
      middle: middleOf(this.#pose.people[this.#selection.person]),
      whole: event.shiftKey || event.altKey,
    };
    this.svg.setPointerCapture(event.pointerId);
    event.preventDefault();
    this.svg.focus({ preventScroll: true });
  }

  // Choose what lies at a place; what kind of thing it is, or null.
  #choose(place, pointer) {
    const grain = this.#grain;
    const reach = (REACH[pointer] ?? REACH.mouse) * grain;
    const hit = jointAt(this.#pose, this.#selection.person, place, reach, FAVOUR * grain);
    if (hit) {
      this.select(hit.person, hit.joint);
      return "joint";
    }
    const person = personAt(this.#pose, place, ROOM * grain);
    this.select(person);
    return person >= 0 ? "person" : null;
  }

  #move(event) {
    if (!this.#grip) return;
    this.#pose = dragged(this.#grip, this.#point(event));
    this.#paint();
    this.dispatchEvent(new Event("draft"));
  }

  #up() {
    if (!this.#grip) return;
    const changed = this.#grip.pose !== this.#pose;
    this.#grip = null;
    if (changed) this.dispatchEvent(new Event("edit"));
  }

  #key(event) {
    if (event.ctrlKey || event.metaKey) return;
    const next = keyed({ pose: this.#pose, selection: this.#selection }, event);
    if (!next) return;
    event.preventDefault();
    this.select(next.selection.person, next.selection.joint);
    if (next.pose !== this.#pose) {
      this.#pose = next.pose;
      this.#paint();
      this.dispatchEvent(new Event("edit"));
    }
    announce(this.#spoken);
  }
}

customElements.define("pose-stage", PoseStage);
