// People as joints on a canvas. A pose never changes: every edit gives a new one.
//
// A pose is {width, height, people}; a person is {body, leftHand, rightHand, face}, each a list of
// [x, y, seen] in pixels. A joint that is hidden keeps its place, so that it can be shown again.

export const JOINTS = [
  "Nose",
  "Neck",
  "Right shoulder",
  "Right elbow",
  "Right wrist",
  "Left shoulder",
  "Left elbow",
  "Left wrist",
  "Right hip",
  "Right knee",
  "Right ankle",
  "Left hip",
  "Left knee",
  "Left ankle",
  "Right eye",
  "Left eye",
  "Right ear",
  "Left ear",
];

export const LIMBS = [
  [1, 2],
  [1, 5],
  [2, 3],
  [3, 4],
  [5, 6],
  [6, 7],
  [1, 8],
  [8, 9],
  [9, 10],
  [1, 11],
  [11, 12],
  [12, 13],
  [1, 0],
  [0, 14],
  [14, 16],
  [0, 15],
  [15, 17],
];

// OpenPose's colour wheel: joint i takes entry i, limb i the same at 60 % of its brightness.
export const COLOURS = [
  "#ff0000",
  "#ff5500",
  "#ffaa00",
  "#ffff00",
  "#aaff00",
  "#55ff00",
  "#00ff00",
  "#00ff55",
  "#00ffaa",
  "#00ffff",
  "#00aaff",
  "#0055ff",
  "#0000ff",
  "#5500ff",
  "#aa00ff",
  "#ff00ff",
  "#ff00aa",
  "#ff0055",
];

export const HAND_EDGES = [0, 1, 2, 3, 4].flatMap((finger) =>
  [0, 1, 2, 3].map((step) => [step === 0 ? 0 : 4 * finger + step, 4 * finger + step + 1]),
);

const CHILDREN = [
  [14, 15],
  [0, 2, 5, 8, 11],
  [3],
  [4],
  [],
  [6],
  [7],
  [],
  [9],
  [10],
  [],
  [12],
  [13],
  [],
  [16],
  [17],
  [],
  [],
];
const PARENT = JOINTS.map((_, joint) => CHILDREN.findIndex((below) => below.includes(joint)));
const PAIRS = [
  [2, 5],
  [3, 6],
  [4, 7],
  [8, 11],
  [9, 12],
  [10, 13],
  [14, 15],
  [16, 17],
];
const WRISTS = { 4: "rightHand", 7: "leftHand" };
const PARTS = ["body", "leftHand", "rightHand", "face"];
const KEYS = {
  body: "pose_keypoints_2d",
  leftHand: "hand_left_keypoints_2d",
  rightHand: "hand_right_keypoints_2d",
  face: "face_keypoints_2d",
};

export const SMALLEST = 24;
export const MOST_PEOPLE = 20;

export const emptyPose = (width = 768, height = 768) => ({ width, height, people: [] });

export function fromOpenPose(data) {
  const frame = Array.isArray(data) ? data[0] : data;
  if (!frame || !Array.isArray(frame.people)) throw new Error("this is no OpenPose JSON");
  const people = frame.people
    .map((entry) => ({
      body: triples(entry[KEYS.body], 18),
      leftHand: triples(entry[KEYS.leftHand], 21),
      rightHand: triples(entry[KEYS.rightHand], 21),
      face: triples(entry[KEYS.face]),
    }))
    .filter((person) => person.body);
  return { width: frame.canvas_width ?? 768, height: frame.canvas_height ?? 768, people };
}

function triples(values, count) {
  if (!Array.isArray(values) || values.length === 0) return null;
  if (values.length % 3 || (count && values.length !== 3 * count)) {
    throw new Error(`${values.length} numbers are not the joints of one person`);
  }
  const points = [];
  for (let at = 0; at < values.length; at += 3) {
    points.push([values[at], values[at + 1], values[at + 2] > 0 ? 1 : 0]);
  }
  return points;
}

export function toOpenPose(pose) {
  return {
    people: pose.people.map((person) =>
      Object.fromEntries(PARTS.map((part) => [KEYS[part], (person[part] ?? []).flatMap(written)])),
    ),
    canvas_width: pose.width,
    canvas_height: pose.height,
  };
}

const written = ([x, y, seen]) => (seen ? [tenth(x), tenth(y), 1] : [0, 0, 0]);
const tenth = (value) => Math.round(value * 10) / 10;

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

/** The joint and all that hangs on it. */
export function branch(joint) {
  return [joint, ...CHILDREN[joint].flatMap(branch)];
}

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

/** The smallest upright rectangle around the joints that are seen. */
export function boxOf(person) {
  const seen = person.body.filter(([, , shown]) => shown);
  if (!seen.length) return { left: 0, top: 0, width: 0, height: 0 };
  const [xs, ys] = [seen.map(([x]) => x), seen.map(([, y]) => y)];
  const [left, top] = [Math.min(...xs), Math.min(...ys)];
  return { left, top, width: Math.max(...xs) - left, height: Math.max(...ys) - top };
}

export function middleOf(person) {
  const { left, top, width, height } = boxOf(person);
  return [left + width / 2, top + height / 2];
}

/** Whether anybody has a joint to be seen. */
export const hasAnybody = (pose) =>
  pose.people.some((person) => person.body.some(([, , seen]) => seen));

export const samePose = (one, other) =>
  JSON.stringify(toOpenPose(one)) === JSON.stringify(toOpenPose(other));
