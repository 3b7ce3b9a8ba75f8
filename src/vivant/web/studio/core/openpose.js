// Poses as OpenPose writes them, in JSON.

import { PARTS } from "./skeleton.js";

const KEYS = {
  body: "pose_keypoints_2d",
  leftHand: "hand_left_keypoints_2d",
  rightHand: "hand_right_keypoints_2d",
  face: "face_keypoints_2d",
};

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

export const samePose = (one, other) =>
  JSON.stringify(toOpenPose(one)) === JSON.stringify(toOpenPose(other));
