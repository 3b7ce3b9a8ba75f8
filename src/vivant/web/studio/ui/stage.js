// The canvas: figures over a picture, moved by pointer or by keys.

import {
  COLOURS,
  HAND_EDGES,
  JOINTS,
  LIMBS,
  boxOf,
  emptyPose,
  middleOf,
  moveJoint,
  movePerson,
  scalePerson,
  turnPerson,
} from "../core/skeleton.js";
import { s } from "./dom.js";
import { announce } from "./notes.js";

const REACH = 22; // pixels of the screen around a joint that count as the joint

/**
 * Shows a pose, and tells of edits by hand: "draft" while a hand moves, "edit" when it is done,
 * "select" when another figure or joint is chosen.
 */
export class PoseStage extends HTMLElement {
  #pose = emptyPose();
  #selection = { person: -1, joint: -1 };
  #drag = null;
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
    this.svg.setAttribute("viewBox", `0 0 ${width} ${height}`);
    this.style.setProperty("--shape", `${width} / ${height}`);
    this.style.setProperty("--ratio", String(width / height));
    const shown = [s("rect.ground", { width, height })];
    if (this.#backdrop) {
      shown.push(
        s("image", {
          href: this.#backdrop.url,
          width,
          height,
          opacity: this.#backdrop.opacity,
          preserveAspectRatio: "xMidYMid meet",
        }),
      );
    }
    people.forEach((person, index) => shown.push(this.#figure(person, index)));
    if (people[this.#selection.person]) shown.push(this.#frame(people[this.#selection.person]));
    this.svg.replaceChildren(...shown);
    this.svg.setAttribute(
      "aria-label",
      `Pose canvas, ${people.length} figure${people.length === 1 ? "" : "s"}${this.#spoken()}`,
    );
  }

  #spoken() {
    const { person, joint } = this.#selection;
    if (person < 0 || !this.#pose.people[person]) return "";
    if (joint < 0) return `, figure ${person + 1} chosen`;
    const [x, y, seen] = this.#pose.people[person].body[joint];
    const place = seen ? `at ${Math.round(x)}, ${Math.round(y)}` : "hidden";
    return `, figure ${person + 1}, ${JOINTS[joint].toLowerCase()} ${place}`;
  }

  #figure(person, index) {
    const grain = this.#grain;
    const line = Math.max(5 * grain, this.#pose.width / 110);
    const chosen = index === this.#selection.person;
    const parts = [];
    LIMBS.forEach(([from, to], at) => {
      const [[x1, y1, c1], [x2, y2, c2]] = [person.body[from], person.body[to]];
      if (c1 && c2)
        parts.push(s("line.limb", { x1, y1, x2, y2, stroke: COLOURS[at], "stroke-width": line }));
    });
    for (const hand of [person.leftHand, person.rightHand]) {
      if (hand)
        HAND_EDGES.forEach(([from, to]) => {
          const [[x1, y1, c1], [x2, y2, c2]] = [hand[from], hand[to]];
          if (c1 && c2) parts.push(s("line.finger", { x1, y1, x2, y2, "stroke-width": line / 3 }));
        });
    }
    for (const [x, y, seen] of person.face ?? [])
      if (seen) parts.push(s("circle.dot", { cx: x, cy: y, r: line / 5 }));
    person.body.forEach(([x, y, seen], joint) => {
      if (!seen && !(chosen && (x || y))) return;
      const held = chosen && joint === this.#selection.joint;
      const radius = Math.max(6.5 * grain, line * 0.62) * (held ? 1.35 : 1);
      parts.push(
        s(
          `circle.joint${seen ? "" : ".off"}${held ? ".held" : ""}`,
          {
            cx: x,
            cy: y,
            r: radius,
            fill: seen ? COLOURS[joint] : "none",
            stroke: seen ? (held ? "#fff" : "none") : COLOURS[joint],
            "stroke-width": 2 * grain,
            "data-joint": joint,
            "data-person": index,
          },
          s("title", {}, JOINTS[joint]),
        ),
      );
    });
    return s(`g.figure${chosen ? ".chosen" : ""}`, { "data-person": index }, parts);
  }

  #frame(person) {
    const grain = this.#grain;
    const pad = 18 * grain;
    const box = boxOf(person);
    const [x, y] = [box.left - pad, box.top - pad];
    const [width, height] = [box.width + 2 * pad, box.height + 2 * pad];
    const size = 11 * grain;
    const corner = (cx, cy, at) =>
      s("rect.handle", {
        x: cx - size / 2,
        y: cy - size / 2,
        width: size,
        height: size,
        rx: 2 * grain,
        "data-handle": at,
        "stroke-width": 1.5 * grain,
      });
    const top = Math.max(y - 26 * grain, 10 * grain);
    return s(
      "g.frame",
      {},
      s("rect.edge", {
        x,
        y,
        width,
        height,
        rx: 6 * grain,
        "stroke-width": 1.2 * grain,
        "stroke-dasharray": `${5 * grain} ${4 * grain}`,
      }),
      s("line.stalk", {
        x1: x + width / 2,
        y1: y,
        x2: x + width / 2,
        y2: top,
        "stroke-width": 1.2 * grain,
      }),
      s("circle.handle", {
        cx: x + width / 2,
        cy: top,
        r: size / 2,
        "data-handle": "turn",
        "stroke-width": 1.5 * grain,
      }),
      corner(x, y, "scale"),
      corner(x + width, y, "scale"),
      corner(x, y + height, "scale"),
      corner(x + width, y + height, "scale"),
    );
  }

  #point(event) {
    const matrix = this.svg.getScreenCTM().inverse();
    const { x, y } = new DOMPoint(event.clientX, event.clientY).matrixTransform(matrix);
    return [x, y];
  }

  #down(event) {
    if (event.button !== 0) return;
    const [x, y] = this.#point(event);
    const handle = event.target.dataset?.handle;
    const hit = handle ? null : this.#nearest(x, y, event.pointerType === "touch" ? 1.3 : 1);
    if (handle)
      this.#drag = { kind: handle, middle: middleOf(this.#pose.people[this.#selection.person]) };
    else if (hit) {
      this.select(hit.person, hit.joint);
      this.#drag = { kind: "joint" };
    } else {
      const person = this.#personAt(x, y);
      this.select(person);
      if (person >= 0) this.#drag = { kind: "person" };
    }
    if (!this.#drag) return;
    Object.assign(this.#drag, {
      start: [x, y],
      pose: this.#pose,
      whole: event.shiftKey || event.altKey,
    });
    this.svg.setPointerCapture(event.pointerId);
    event.preventDefault();
    this.svg.focus({ preventScroll: true });
  }

  #move(event) {
    if (!this.#drag) return;
    const { kind, start, pose, middle, whole } = this.#drag;
    const { person, joint } = this.#selection;
    const [x, y] = this.#point(event);
    const [dx, dy] = [x - start[0], y - start[1]];
    if (kind === "joint") {
      const [jx, jy] = pose.people[person].body[joint];
      this.#pose = moveJoint(pose, person, joint, ...this.#inside(jx + dx, jy + dy), whole);
    } else if (kind === "person") this.#pose = movePerson(pose, person, dx, dy);
    else if (kind === "scale") {
      const reach = (point) => Math.hypot(point[0] - middle[0], point[1] - middle[1]);
      this.#pose = scalePerson(pose, person, reach([x, y]) / Math.max(reach(start), 1), middle);
    } else {
      const angle = (point) =>
        (Math.atan2(point[1] - middle[1], point[0] - middle[0]) * 180) / Math.PI;
      this.#pose = turnPerson(pose, person, angle([x, y]) - angle(start), middle);
    }
    this.#paint();
    this.dispatchEvent(new Event("draft"));
  }

  #up() {
    if (!this.#drag) return;
    const changed = this.#drag.pose !== this.#pose;
    this.#drag = null;
    if (changed) this.dispatchEvent(new Event("edit"));
  }

  #inside(x, y) {
    return [
      Math.min(Math.max(x, 0), this.#pose.width),
      Math.min(Math.max(y, 0), this.#pose.height),
    ];
  }

  #nearest(x, y, wider) {
    const reach = REACH * 0.75 * wider * this.#grain;
    let best = null;
    this.#pose.people.forEach((person, index) =>
      person.body.forEach(([px, py, seen], joint) => {
        const chosen = index === this.#selection.person;
        if (!seen && !(chosen && (px || py))) return;
        const distance = Math.hypot(px - x, py - y) - (chosen ? 3 * this.#grain : 0);
        if (distance < reach && (!best || distance < best.distance))
          best = { person: index, joint, distance };
      }),
    );
    return best;
  }

  #personAt(x, y) {
    const pad = 14 * this.#grain;
    for (let index = this.#pose.people.length - 1; index >= 0; index -= 1) {
      const { left, top, width, height } = boxOf(this.#pose.people[index]);
      if (x > left - pad && x < left + width + pad && y > top - pad && y < top + height + pad)
        return index;
    }
    return -1;
  }

  #key(event) {
    if (event.ctrlKey || event.metaKey) return;
    const { person, joint } = this.#selection;
    const step = event.shiftKey ? 20 : 4;
    const arrows = {
      ArrowLeft: [-step, 0],
      ArrowRight: [step, 0],
      ArrowUp: [0, -step],
      ArrowDown: [0, step],
    };
    const people = this.#pose.people;
    const turn = { n: 1, p: -1 }[event.key];
    if (turn && people.length) {
      const from = person < 0 ? 0 : person;
      this.select(
        from,
        (joint + turn + JOINTS.length + (joint < 0 && turn < 0 ? 1 : 0)) % JOINTS.length,
      );
    } else if (event.key === "f" && people.length) this.select((person + 1) % people.length);
    else if (event.key === "Escape") this.select(person, -1);
    else if (arrows[event.key] && people[person]) {
      const [dx, dy] = arrows[event.key];
      const [x, y] = joint < 0 ? [0, 0] : people[person].body[joint];
      this.#pose =
        joint < 0
          ? movePerson(this.#pose, person, dx, dy)
          : moveJoint(this.#pose, person, joint, ...this.#inside(x + dx, y + dy), event.altKey);
      this.#changed();
    } else if (["+", "=", "-"].includes(event.key) && people[person]) {
      this.#pose = scalePerson(this.#pose, person, event.key === "-" ? 1 / 1.06 : 1.06);
      this.#changed();
    } else if (["[", "]"].includes(event.key) && people[person]) {
      this.#pose = turnPerson(this.#pose, person, event.key === "[" ? -4 : 4);
      this.#changed();
    } else return;
    event.preventDefault();
    announce(this.#spoken().replace(/^, /, ""));
  }

  #changed() {
    this.#paint();
    this.dispatchEvent(new Event("edit"));
  }
}

customElements.define("pose-stage", PoseStage);
