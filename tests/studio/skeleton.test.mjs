import assert from "node:assert/strict";
import { test } from "node:test";

import * as sk from "../../src/vivant/web/studio/core/skeleton.js";

const flat = Array.from({ length: 18 }, (_, joint) => [
  100 + 10 * joint,
  200 + 5 * joint,
  1,
]).flat();
const data = { people: [{ pose_keypoints_2d: flat }], canvas_width: 640, canvas_height: 480 };
const pose = sk.fromOpenPose(data);
const at = (changed, joint) => changed.people[0].body[joint];

test("OpenPose JSON comes back as it went in", () => {
  const back = sk.toOpenPose(pose);
  assert.deepEqual(back.people[0].pose_keypoints_2d, flat);
  assert.deepEqual([back.canvas_width, back.canvas_height], [640, 480]);
  assert.deepEqual(back.people[0].hand_left_keypoints_2d, []);
});

test("a list of frames is read by its first", () => {
  assert.equal(sk.fromOpenPose([data, data]).people.length, 1);
});

test("what is no pose is refused", () => {
  assert.throws(() => sk.fromOpenPose({ figures: [] }), /no OpenPose/);
  assert.throws(() => sk.fromOpenPose({ people: [{ pose_keypoints_2d: [1, 2, 3] }] }), /3 numbers/);
});

test("a joint moves alone, or with all that hangs on it", () => {
  const alone = sk.moveJoint(pose, 0, 6, 10, 20);
  assert.deepEqual(at(alone, 6), [10, 20, 1]);
  assert.deepEqual(at(alone, 7), at(pose, 7));
  const whole = sk.moveJoint(pose, 0, 6, 10, 20, true);
  assert.deepEqual(at(whole, 7), [at(pose, 7)[0] + 10 - 160, at(pose, 7)[1] + 20 - 230, 1]);
  assert.deepEqual(at(whole, 4), at(pose, 4));
});

test("a hand goes where its wrist goes", () => {
  const hand = Array.from({ length: 21 }, () => [170, 235, 1]).flat();
  const handed = sk.fromOpenPose({
    ...data,
    people: [{ ...data.people[0], hand_left_keypoints_2d: hand }],
  });
  const moved = sk.moveJoint(handed, 0, 7, 180, 255);
  assert.deepEqual(moved.people[0].leftHand[0], [180, 255, 1]);
});

test("edits leave the pose before them alone", () => {
  const before = JSON.stringify(pose);
  sk.moveJoint(pose, 0, 4, 0, 0);
  sk.mirrorPerson(pose, 0);
  sk.toggleJoint(pose, 0, 3);
  sk.scalePerson(pose, 0, 2);
  assert.equal(JSON.stringify(pose), before);
});

test("mirrored twice is as before, and once swaps left and right", () => {
  const once = sk.mirrorPerson(pose, 0);
  const { left, width } = sk.boxOf(pose.people[0]);
  assert.equal(at(once, 2)[0], 2 * left + width - at(pose, 5)[0]);
  assert.equal(at(once, 2)[1], at(pose, 5)[1]);
  assert.ok(sk.samePose(sk.mirrorPerson(once, 0), pose));
});

test("a hidden joint is not written, and comes back where it was", () => {
  const hidden = sk.toggleJoint(pose, 0, 4);
  assert.deepEqual(sk.toOpenPose(hidden).people[0].pose_keypoints_2d.slice(12, 15), [0, 0, 0]);
  assert.ok(sk.samePose(sk.toggleJoint(hidden, 0, 4), pose));
});

test("a joint that never was appears near the one it hangs on", () => {
  const values = [...flat];
  values.splice(12, 3, 0, 0, 0);
  const shown = sk.toggleJoint(
    sk.fromOpenPose({ ...data, people: [{ pose_keypoints_2d: values }] }),
    0,
    4,
  );
  const [x, y, seen] = at(shown, 4);
  assert.equal(seen, 1);
  assert.ok(Math.hypot(x - at(pose, 3)[0], y - at(pose, 3)[1]) < 60);
});

test("scaling keeps the middle, and never loses a figure", () => {
  const larger = sk.scalePerson(pose, 0, 2);
  assert.deepEqual(sk.middleOf(larger.people[0]), sk.middleOf(pose.people[0]));
  assert.equal(sk.boxOf(larger.people[0]).width, 2 * sk.boxOf(pose.people[0]).width);
  const { width, height } = sk.boxOf(sk.scalePerson(pose, 0, 1e-9).people[0]);
  assert.ok(Math.max(width, height) >= sk.SMALLEST - 1e-6);
});

test("turned by a whole circle is as before", () => {
  assert.ok(sk.samePose(sk.turnPerson(pose, 0, 360), pose));
});

test("a copy stands beside, and there is a limit", () => {
  const two = sk.duplicatePerson(pose, 0);
  assert.equal(two.people.length, 2);
  assert.notDeepEqual(two.people[1].body, two.people[0].body);
  let many = pose;
  for (let turn = 0; turn < 30; turn += 1) many = sk.duplicatePerson(many, 0);
  assert.equal(many.people.length, sk.MOST_PEOPLE);
});

test("another canvas letterboxes: one scale for both axes, centred", () => {
  const wide = sk.resize(pose, 1280, 480);
  assert.deepEqual(at(wide, 0), [at(pose, 0)[0] + 320, at(pose, 0)[1], 1]);
});

test("limbs are a tree over all joints, as the service draws them", () => {
  assert.equal(sk.LIMBS.length, 17);
  assert.equal(new Set(sk.LIMBS.flat()).size, 18);
  assert.equal(sk.HAND_EDGES.length, 20);
  assert.equal(sk.branch(1).length, 18);
});

test("nobody is nobody, even with all joints hidden", () => {
  let hidden = pose;
  for (let joint = 0; joint < 18; joint += 1) hidden = sk.toggleJoint(hidden, 0, joint);
  assert.equal(sk.hasAnybody(hidden), false);
  assert.equal(sk.hasAnybody(pose), true);
});
