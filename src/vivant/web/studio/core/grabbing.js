// What a hand takes hold of on the canvas, and where that goes when the hand moves.

import { moveJoint, movePerson, scalePerson, turnPerson } from "./edits.js";
import { boxOf, within } from "./skeleton.js";

/** The joint nearest to a place, as {person, joint}; null where none is within reach. */
export function jointAt({ people }, chosen, [x, y], reach, favour = 0) {
  let best = null;
  people.forEach((person, index) =>
    person.body.forEach(([px, py, seen], joint) => {
      const own = index === chosen;
      if (!seen && !(own && (px || py))) return;
      const distance = Math.hypot(px - x, py - y) - (own ? favour : 0);
      if (distance < reach && (!best || distance < best.distance))
        best = { person: index, joint, distance };
    }),
  );
  return best && { person: best.person, joint: best.joint };
}

/** The uppermost figure whose box, with some room around it, holds a place; -1 if none does. */
export function personAt({ people }, [x, y], room) {
  return people.findLastIndex((person) => {
    const { left, top, width, height } = boxOf(person);
    return x > left - room && x < left + width + room && y > top - room && y < top + height + room;
  });
}

/**
 * The pose once a hand has moved: `grip` is {kind, pose, person, joint, start, middle, whole} as it
 * was when the hand took hold, of a "joint", a "person", or the handles that "scale" and "turn".
 */
export function dragged({ kind, pose, person, joint, start, middle, whole }, to) {
  const [dx, dy] = [to[0] - start[0], to[1] - start[1]];
  switch (kind) {
    case "joint": {
      const [x, y] = pose.people[person].body[joint];
      return moveJoint(pose, person, joint, ...within(pose, x + dx, y + dy), whole);
    }
    case "person":
      return movePerson(pose, person, dx, dy);
    case "scale": {
      const reach = ([x, y]) => Math.hypot(x - middle[0], y - middle[1]);
      return scalePerson(pose, person, reach(to) / Math.max(reach(start), 1), middle);
    }
    default: {
      const angle = ([x, y]) => (Math.atan2(y - middle[1], x - middle[0]) * 180) / Math.PI;
      return turnPerson(pose, person, angle(to) - angle(start), middle);
    }
  }
}
