import assert from "node:assert/strict";
import { test } from "node:test";

import { toggleJoint } from "../../src/vivant/web/studio/core/edits.js";
import {
  HAND_EDGES,
  LIMBS,
  branch,
  hasAnybody,
  within,
} from "../../src/vivant/web/studio/core/skeleton.js";
import { pose } from "./poses.mjs";

test("limbs are a tree over all joints, as the service draws them", () => {
  assert.equal(LIMBS.length, 17);
  assert.equal(new Set(LIMBS.flat()).size, 18);
  assert.equal(HAND_EDGES.length, 20);
  assert.equal(branch(1).length, 18);
});

test("nobody is nobody, even with all joints hidden", () => {
  let hidden = pose;
  for (let joint = 0; joint < 18; joint += 1) hidden = toggleJoint(hidden, 0, joint);
  assert.equal(hasAnybody(hidden), false);
  assert.equal(hasAnybody(pose), true);
});

test("places outside the canvas come back to its edge", () => {
  assert.deepEqual(within(pose, -5, 500), [0, 480]);
  assert.deepEqual(within(pose, 700, 20), [640, 20]);
});
