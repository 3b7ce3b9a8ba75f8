import assert from "node:assert/strict";
import { test } from "node:test";

import {
  MOST_PEOPLE,
  SMALLEST,
  duplicatePerson,
  mirrorPerson,
  moveJoint,
  resize,
  scalePerson,
  toggleJoint,
  turnPerson,
} from "../../src/vivant/web/studio/core/edits.js";
import { fromOpenPose, samePose } from "../../src/vivant/web/studio/core/openpose.js";
import { boxOf, middleOf } from "../../src/vivant/web/studio/core/skeleton.js";
import { at, data, flat, pose } from "./poses.mjs";

test("a joint moves alone, or with all that hangs on it", () => {
  const alone = moveJoint(pose, 0, 6, 10, 20);
  assert.deepEqual(at(alone, 6), [10, 20, 1]);
  assert.deepEqual(at(alone, 7), at(pose, 7));
  const whole = moveJoint(pose, 0, 6, 10, 20, true);
  assert.deepEqual(at(whole, 7), [at(pose, 7)[0] + 10 - 160, at(pose, 7)[1] + 20 - 230, 1]);
  assert.deepEqual(at(whole, 4), at(pose, 4));
});

test("a hand goes where its wrist goes", () => {
  const hand = Array.from({ length: 21 }, () => [170, 235, 1]).flat();
  const handed = fromOpenPose({
    ...data,
    people: [{ ...data.people[0], hand_left_keypoints_2d: hand }],
  });
  const moved = moveJoint(handed, 0, 7, 180, 255);
  assert.deepEqual(moved.people[0].leftHand[0], [180, 255, 1]);
});

test("edits leave the pose before them alone", () => {
  const before = JSON.stringify(pose);
  moveJoint(pose, 0, 4, 0, 0);
  mirrorPerson(pose, 0);
  toggleJoint(pose, 0, 3);
  scalePerson(pose, 0, 2);
  assert.equal(JSON.stringify(pose), before);
});

test("mirrored twice is as before, and once swaps left and right", () => {
  const once = mirrorPerson(pose, 0);
  const { left, width } = boxOf(pose.people[0]);
  assert.equal(at(once, 2)[0], 2 * left + width - at(pose, 5)[0]);
  assert.equal(at(once, 2)[1], at(pose, 5)[1]);
  assert.ok(samePose(mirrorPerson(once, 0), pose));
});

test("a hidden joint keeps its place, and comes back there", () => {
  const hidden = toggleJoint(pose, 0, 4);
  assert.deepEqual(at(hidden, 4), [...at(pose, 4).slice(0, 2), 0]);
  assert.ok(samePose(toggleJoint(hidden, 0, 4), pose));
});

test("a joint that never was appears near the one it hangs on", () => {
  const values = [...flat];
  values.splice(12, 3, 0, 0, 0);
  const shown = toggleJoint(
    fromOpenPose({ ...data, people: [{ pose_keypoints_2d: values }] }),
    0,
    4,
  );
  const [x, y, seen] = at(shown, 4);
  assert.equal(seen, 1);
  assert.ok(Math.hypot(x - at(pose, 3)[0], y - at(pose, 3)[1]) < 60);
});

test("scaling keeps the middle, and never loses a figure", () => {
  const larger = scalePerson(pose, 0, 2);
  assert.deepEqual(middleOf(larger.people[0]), middleOf(pose.people[0]));
  assert.equal(boxOf(larger.people[0]).width, 2 * boxOf(pose.people[0]).width);
  const { width, height } = boxOf(scalePerson(pose, 0, 1e-9).people[0]);
  assert.ok(Math.max(width, height) >= SMALLEST - 1e-6);
});

test("turned by a whole circle is as before", () => {
  assert.ok(samePose(turnPerson(pose, 0, 360), pose));
});

test("a copy stands beside, and there is a limit", () => {
  const two = duplicatePerson(pose, 0);
  assert.equal(two.people.length, 2);
  assert.notDeepEqual(two.people[1].body, two.people[0].body);
  let many = pose;
  for (let turn = 0; turn < 30; turn += 1) many = duplicatePerson(many, 0);
  assert.equal(many.people.length, MOST_PEOPLE);
});

test("another canvas letterboxes: one scale for both axes, centred", () => {
  const wide = resize(pose, 1280, 480);
  assert.deepEqual(at(wide, 0), [at(pose, 0)[0] + 320, at(pose, 0)[1], 1]);
});
