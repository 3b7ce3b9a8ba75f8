import assert from "node:assert/strict";
import { test } from "node:test";

import { toggleJoint } from "../../src/vivant/web/studio/core/edits.js";
import { fromOpenPose, toOpenPose } from "../../src/vivant/web/studio/core/openpose.js";
import { data, flat, pose } from "./poses.mjs";

test("OpenPose JSON comes back as it went in", () => {
  const back = toOpenPose(pose);
  assert.deepEqual(back.people[0].pose_keypoints_2d, flat);
  assert.deepEqual([back.canvas_width, back.canvas_height], [640, 480]);
  assert.deepEqual(back.people[0].hand_left_keypoints_2d, []);
});

test("a list of frames is read by its first", () => {
  assert.equal(fromOpenPose([data, data]).people.length, 1);
});

test("what is no pose is refused", () => {
  assert.throws(() => fromOpenPose({ figures: [] }), /no OpenPose/);
  assert.throws(() => fromOpenPose({ people: [{ pose_keypoints_2d: [1, 2, 3] }] }), /3 numbers/);
});

test("a hidden joint is written as not there", () => {
  const hidden = toggleJoint(pose, 0, 4);
  assert.deepEqual(toOpenPose(hidden).people[0].pose_keypoints_2d.slice(12, 15), [0, 0, 0]);
});
