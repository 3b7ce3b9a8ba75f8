// Edits of a pose. A pose never changes: every edit gives a new one.

import { PAIRS, PARENT, PARTS, WRISTS, boxOf, branch, middleOf } from "./skeleton.js";

export const SMALLEST = 24;
export const MOST_PEOPLE = 20;

const withPerson = (pose, index, person) => ({
  ...pose,
  people: pose.people.map((old, place) => (place === index ? person : old)),
});

const eachPoint = (person, change) =>
  Object.fromEntries(
    PARTS.map((part) => [
      part,
      person[part] && person[part].map((point, at) => change(point, part, at)),
    ]),
  );

/** Move one joint to a place; with `whole` all that hangs on it goes along, hands always. */
export function moveJoint(pose, index, joint, x, y, whole = false) {
  const person = pose.people[index];
  const [dx, dy] = [x - person.body[joint][0], y - person.body[joint][1]];
  const moved = new Set(whole ? branch(joint) : [joint]);
  const hands = new Set([...moved].map((each) => WRISTS[each]).filter(Boolean));
  const withFace = moved.has(0);
  return withPerson(
    pose,
    index,
    eachPoint(person, ([px, py, seen], part, at) => {
      const goes =
        part === "body" ? moved.has(at) : hands.has(part) || (part === "face" && withFace);
      return goes ? [px + dx, py + dy, seen] : [px, py, seen];
    }),
  );
}

export const movePerson = (pose, index, dx, dy) =>
  withPerson(
    pose,
    index,
    eachPoint(pose.people[index], ([x, y, seen]) => [x + dx, y + dy, seen]),
  );

/** Scale a person around a point; never below what can still be taken hold of. */
export function scalePerson(pose, index, factor, [cx, cy] = middleOf(pose.people[index])) {
  const { width, height } = boxOf(pose.people[index]);
  const least = SMALLEST / Math.max(width, height, 1);
  const by = Math.min(Math.max(factor, least), 100);
  return withPerson(
    pose,
    index,
    eachPoint(pose.people[index], ([x, y, seen]) => [cx + (x - cx) * by, cy + (y - cy) * by, seen]),
  );
}

export function turnPerson(pose, index, degrees, [cx, cy] = middleOf(pose.people[index])) {
  const [sin, cos] = [Math.sin((degrees * Math.PI) / 180), Math.cos((degrees * Math.PI) / 180)];
  return withPerson(
    pose,
    index,
    eachPoint(pose.people[index], ([x, y, seen]) => [
      cx + (x - cx) * cos - (y - cy) * sin,
      cy + (x - cx) * sin + (y - cy) * cos,
      seen,
    ]),
  );
}

/** Left becomes right: the figure as a mirror shows it, in the same place. */
export function mirrorPerson(pose, index) {
  const person = pose.people[index];
  const [cx] = middleOf(person);
  const flipped = eachPoint(person, ([x, y, seen]) => [2 * cx - x, y, seen]);
  for (const [right, left] of PAIRS) {
    [flipped.body[right], flipped.body[left]] = [flipped.body[left], flipped.body[right]];
  }
  [flipped.leftHand, flipped.rightHand] = [flipped.rightHand, flipped.leftHand];
  return withPerson(pose, index, flipped);
}

export function duplicatePerson(pose, index) {
  if (pose.people.length >= MOST_PEOPLE) return pose;
  const person = pose.people[index];
  const box = boxOf(person);
  const room = pose.width - (box.left + box.width);
  const dx = room > box.width / 2 ? box.width * 0.7 : -Math.min(box.width * 0.7, box.left);
  const copied = movePerson({ ...pose, people: [person] }, 0, Math.abs(dx) < 12 ? 24 : dx, 0);
  return { ...pose, people: [...pose.people, copied.people[0]] };
}

export const removePerson = (pose, index) => ({
  ...pose,
  people: pose.people.filter((_, place) => place !== index),
});

/** The people of another pose, fitted to this canvas; beside those who are there already. */
export function addPeople(pose, other) {
  const fitted = resize(other, pose.width, pose.height);
  const shift = pose.people.length ? (pose.people.length % 2 ? 0.22 : -0.22) * pose.width : 0;
  const people = fitted.people.map(
    (person) => movePerson({ ...fitted, people: [person] }, 0, shift, 0).people[0],
  );
  return { ...pose, people: [...pose.people, ...people].slice(0, MOST_PEOPLE) };
}

/** Letterboxed onto another canvas: one scale for both axes, centred, nothing cut. */
export function resize(pose, width, height) {
  if (pose.width === width && pose.height === height) return pose;
  const scale = Math.min(width / pose.width, height / pose.height);
  const [dx, dy] = [(width - pose.width * scale) / 2, (height - pose.height * scale) / 2];
  return {
    width,
    height,
    people: pose.people.map((person) =>
      eachPoint(person, ([x, y, seen]) => [x * scale + dx, y * scale + dy, seen]),
    ),
  };
}

/** Hide a joint, or show it: where it was, or near the joint it hangs on if it never was. */
export function toggleJoint(pose, index, joint) {
  const person = pose.people[index];
  const [x, y, seen] = person.body[joint];
  const placed = seen || x || y ? [x, y] : besideParent(pose, person, joint);
  const body = person.body.map((point, at) => (at === joint ? [...placed, seen ? 0 : 1] : point));
  return withPerson(pose, index, { ...person, body });
}

function besideParent(pose, person, joint) {
  const [x, y, seen] = person.body[PARENT[joint]] ?? [0, 0, 0];
  if (!seen) return middleOf(person);
  const { height } = boxOf(person);
  return [x, Math.min(y + Math.max(height * 0.1, 12), pose.height - 4)];
}
