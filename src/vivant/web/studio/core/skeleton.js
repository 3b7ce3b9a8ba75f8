// People as joints on a canvas: what there is of them, and how large they are.
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
export const PARENT = JOINTS.map((_, joint) =>
  CHILDREN.findIndex((below) => below.includes(joint)),
);
export const PAIRS = [
  [2, 5],
  [3, 6],
  [4, 7],
  [8, 11],
  [9, 12],
  [10, 13],
  [14, 15],
  [16, 17],
];
export const WRISTS = { 4: "rightHand", 7: "leftHand" };
export const PARTS = ["body", "leftHand", "rightHand", "face"];

export const emptyPose = (width = 768, height = 768) => ({ width, height, people: [] });

/** The joint and all that hangs on it. */
export function branch(joint) {
  return [joint, ...CHILDREN[joint].flatMap(branch)];
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

/** The place on a pose's canvas that is nearest to one that may lie outside. */
export const within = ({ width, height }, x, y) => [
  Math.min(Math.max(x, 0), width),
  Math.min(Math.max(y, 0), height),
];

/** Whether anybody has a joint to be seen. */
export const hasAnybody = (pose) =>
  pose.people.some((person) => person.body.some(([, , seen]) => seen));
