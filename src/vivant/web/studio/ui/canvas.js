// Figures on the canvas as they are drawn while they are posed. `grain` is how many pixels of the
// canvas one pixel of the screen is, so that lines and handles are as thick on every screen.

import { COLOURS, HAND_EDGES, JOINTS, LIMBS, boxOf } from "../core/skeleton.js";
import { s } from "./dom.js";

/** A picture below the figures, {url, opacity}, on a canvas of this size. */
export const backdropImage = ({ url, opacity }, { width, height }) =>
  s("image", { href: url, width, height, opacity, preserveAspectRatio: "xMidYMid meet" });

/** One figure: `held` is the joint in hand, -1 if none is; hidden joints show on a chosen figure. */
export function figureOf(person, { index, chosen, held, grain, width }) {
  const line = Math.max(5 * grain, width / 110);
  const joints = person.body.map((point, joint) =>
    point[2] || (chosen && (point[0] || point[1]))
      ? jointMark(point, { joint, index, held: chosen && joint === held, grain, line })
      : null,
  );
  return s(
    `g.figure${chosen ? ".chosen" : ""}`,
    { "data-person": index },
    LIMBS.map((edge, at) =>
      edgeLine("line.limb", person.body, edge, { stroke: COLOURS[at], "stroke-width": line }),
    ),
    [person.leftHand, person.rightHand].filter(Boolean).map((hand) => fingersOf(hand, line / 3)),
    (person.face ?? [])
      .filter(([, , seen]) => seen)
      .map(([cx, cy]) => s("circle.dot", { cx, cy, r: line / 5 })),
    joints,
  );
}

const fingersOf = (hand, width) =>
  s(
    "g.hand",
    {},
    HAND_EDGES.map((edge) => edgeLine("line.finger", hand, edge, { "stroke-width": width })),
  );

function edgeLine(name, points, [from, to], look) {
  const [[x1, y1, c1], [x2, y2, c2]] = [points[from], points[to]];
  return c1 && c2 ? s(name, { x1, y1, x2, y2, ...look }) : null;
}

function jointMark([cx, cy, seen], { joint, index, held, grain, line }) {
  const look = seen
    ? { fill: COLOURS[joint], stroke: held ? "#fff" : "none" }
    : { fill: "none", stroke: COLOURS[joint] };
  return s(
    `circle.joint${seen ? "" : ".off"}${held ? ".held" : ""}`,
    {
      cx,
      cy,
      r: Math.max(6.5 * grain, line * 0.62) * (held ? 1.35 : 1),
      ...look,
      "stroke-width": 2 * grain,
      "data-joint": joint,
      "data-person": index,
    },
    s("title", {}, JOINTS[joint]),
  );
}

/** The frame around a chosen figure, with handles at its corners and one to turn it by. */
export function frameOf(person, grain) {
  const pad = 18 * grain;
  const box = boxOf(person);
  const [x, y] = [box.left - pad, box.top - pad];
  const [width, height] = [box.width + 2 * pad, box.height + 2 * pad];
  const [size, thin] = [11 * grain, 1.2 * grain];
  const middle = x + width / 2;
  const top = Math.max(y - 26 * grain, 10 * grain);
  const corner = (cx, cy) =>
    s("rect.handle", {
      x: cx - size / 2,
      y: cy - size / 2,
      width: size,
      height: size,
      rx: 2 * grain,
      "data-handle": "scale",
      "stroke-width": 1.5 * grain,
    });
  return s(
    "g.frame",
    {},
    s("rect.edge", {
      ...{ x, y, width, height, rx: 6 * grain },
      "stroke-width": thin,
      "stroke-dasharray": `${5 * grain} ${4 * grain}`,
    }),
    s("line.stalk", { x1: middle, y1: y, x2: middle, y2: top, "stroke-width": thin }),
    s("circle.handle", {
      ...{ cx: middle, cy: top, r: size / 2 },
      "data-handle": "turn",
      "stroke-width": 1.5 * grain,
    }),
    corner(x, y),
    corner(x + width, y),
    corner(x, y + height),
    corner(x + width, y + height),
  );
}
