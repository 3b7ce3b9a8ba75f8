// Figures as small drawings, which nobody takes hold of.

import { COLOURS, LIMBS, boxOf } from "../core/skeleton.js";
import { s } from "./dom.js";

/** A small drawing of a pose, for a thumbnail. */
export function figureDrawing(pose, { pad = 85 } = {}) {
  const boxes = pose.people.map(boxOf);
  const left = Math.min(...boxes.map((box) => box.left)) - pad;
  const top = Math.min(...boxes.map((box) => box.top)) - pad;
  const right = Math.max(...boxes.map((box) => box.left + box.width)) + pad;
  const bottom = Math.max(...boxes.map((box) => box.top + box.height)) + pad;
  const line = Math.max(right - left, bottom - top) / 28;
  return s(
    "svg.thumb",
    { viewBox: `${left} ${top} ${right - left} ${bottom - top}`, "aria-hidden": "true" },
    pose.people.flatMap((person) =>
      LIMBS.map(([from, to], at) =>
        limbLine(person, from, to, { stroke: COLOURS[at], "stroke-width": line }),
      ),
    ),
    pose.people.flatMap((person) =>
      person.body.map(([cx, cy, seen], joint) =>
        seen ? s("circle", { cx, cy, r: line * 0.62, fill: COLOURS[joint] }) : null,
      ),
    ),
  );
}

/** A person as a cut-out in one colour, standing on the lower edge. */
export function silhouette(person) {
  const { left, top, width, height } = boxOf(person);
  const [pad, line] = [34, 27];
  const [x, y] = person.body[0];
  const body = LIMBS.slice(0, 12).map(([from, to]) =>
    limbLine(person, from, to, { "stroke-width": line }),
  );
  const hips = limbLine(person, 8, 11, { "stroke-width": line });
  return s(
    "svg.silhouette",
    {
      viewBox: `${left - pad} ${top - pad} ${width + 2 * pad} ${height + pad + line / 2}`,
      "aria-hidden": "true",
    },
    body,
    hips,
    s("circle", { cx: x, cy: y - 8, r: 37 }),
  );
}

/** The figures as the request had them, letterboxed over the picture as the service does. */
export function skeletonOver(pose, image) {
  const scale = Math.min(image.width / pose.width, image.height / pose.height);
  const [dx, dy] = [
    (image.width - pose.width * scale) / 2,
    (image.height - pose.height * scale) / 2,
  ];
  const line = image.width / 70;
  const at = ([x, y]) => [x * scale + dx, y * scale + dy];
  return s(
    "svg.overlay",
    { viewBox: `0 0 ${image.width} ${image.height}`, "aria-hidden": "true" },
    pose.people.flatMap(({ body }) =>
      LIMBS.map(([from, to], limb) => {
        if (!body[from][2] || !body[to][2]) return null;
        const [[x1, y1], [x2, y2]] = [at(body[from]), at(body[to])];
        return s("line", {
          x1,
          y1,
          x2,
          y2,
          stroke: COLOURS[limb],
          "stroke-width": line,
          "stroke-linecap": "round",
        });
      }),
    ),
  );
}

function limbLine(person, from, to, look) {
  const [[x1, y1, c1], [x2, y2, c2]] = [person.body[from], person.body[to]];
  return c1 && c2 ? s("line", { x1, y1, x2, y2, "stroke-linecap": "round", ...look }) : null;
}
