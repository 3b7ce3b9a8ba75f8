// The keys of the canvas: what each does to the pose, or to what is chosen of it.

import { moveJoint, movePerson, scalePerson, turnPerson } from "./edits.js";
import { JOINTS, within } from "./skeleton.js";

const STEP = 4;
const STRIDE = 20;
const GROWTH = 1.06;
const TURN = 4;

const ARROWS = {
  ArrowLeft: [-1, 0],
  ArrowRight: [1, 0],
  ArrowUp: [0, -1],
  ArrowDown: [0, 1],
};
const SCALES = { "+": GROWTH, "=": GROWTH, "-": 1 / GROWTH };
const TURNS = { "[": -TURN, "]": TURN };

/**
 * What a key press makes of {pose, selection}; null where it means nothing here. `press` is a
 * KeyboardEvent or as much of one.
 */
export function keyed({ pose, selection }, press) {
  const { person, joint } = selection;
  const chosen = chosenBy(press.key, pose.people.length, selection);
  if (chosen) return { pose, selection: chosen };
  if (!pose.people[person]) return null;
  const { key } = press;
  if (ARROWS[key]) return { pose: nudged(pose, selection, press), selection };
  if (SCALES[key]) return { pose: scalePerson(pose, person, SCALES[key]), selection };
  if (TURNS[key]) return { pose: turnPerson(pose, person, TURNS[key]), selection };
  if (key === "Escape") return joint < 0 ? null : { pose, selection: { person, joint: -1 } };
  return null;
}

function chosenBy(key, people, { person, joint }) {
  if (!people) return null;
  const last = JOINTS.length - 1;
  if (key === "n") return { person: Math.max(person, 0), joint: joint === last ? 0 : joint + 1 };
  if (key === "p") return { person: Math.max(person, 0), joint: joint <= 0 ? last : joint - 1 };
  if (key === "f") return { person: (person + 1) % people, joint: -1 };
  return null;
}

function nudged(pose, { person, joint }, { key, shiftKey, altKey }) {
  const [dx, dy] = ARROWS[key].map((way) => way * (shiftKey ? STRIDE : STEP));
  if (joint < 0) return movePerson(pose, person, dx, dy);
  const [x, y] = pose.people[person].body[joint];
  return moveJoint(pose, person, joint, ...within(pose, x + dx, y + dy), altKey);
}

/** What is chosen, as a screen reader says it. */
export function spoken({ people }, { person, joint }) {
  if (!people[person]) return "";
  if (joint < 0) return `figure ${person + 1} chosen`;
  const [x, y, seen] = people[person].body[joint];
  const place = seen ? `at ${Math.round(x)}, ${Math.round(y)}` : "hidden";
  return `figure ${person + 1}, ${JOINTS[joint].toLowerCase()} ${place}`;
}
