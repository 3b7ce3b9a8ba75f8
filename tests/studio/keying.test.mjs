import assert from "node:assert/strict";
import { test } from "node:test";

import { keyed, spoken } from "../../src/vivant/web/studio/core/keying.js";
import { boxOf, emptyPose } from "../../src/vivant/web/studio/core/skeleton.js";
import { at, pose } from "./poses.mjs";

const whole = { person: 0, joint: -1 };
const wrist = { person: 0, joint: 4 };

test("arrows move a joint, with Shift further, with Alt all that hangs on it", () => {
  const right = keyed({ pose, selection: wrist }, { key: "ArrowRight" }).pose;
  assert.deepEqual(at(right, 4), [144, 220, 1]);
  const up = keyed({ pose, selection: wrist }, { key: "ArrowUp", shiftKey: true }).pose;
  assert.deepEqual(at(up, 4), [140, 200, 1]);
  const shoulder = { person: 0, joint: 2 };
  const arm = keyed({ pose, selection: shoulder }, { key: "ArrowDown", altKey: true }).pose;
  assert.deepEqual(at(arm, 4), [140, 224, 1]);
});

test("arrows move the whole figure where no joint is chosen", () => {
  const left = keyed({ pose, selection: whole }, { key: "ArrowLeft" }).pose;
  assert.deepEqual(at(left, 0), [96, 200, 1]);
  assert.deepEqual(at(left, 17), [266, 285, 1]);
});

test("N and P go through all joints, around the ends", () => {
  const after = (selection, key) => keyed({ pose, selection }, { key }).selection.joint;
  assert.deepEqual(
    [after(whole, "n"), after(wrist, "n"), after({ person: 0, joint: 17 }, "n")],
    [0, 5, 0],
  );
  assert.deepEqual(
    [after(whole, "p"), after(wrist, "p"), after({ person: 0, joint: 0 }, "p")],
    [17, 3, 17],
  );
});

test("F goes from figure to figure, Escape back to the whole one", () => {
  const two = { ...pose, people: [...pose.people, ...pose.people] };
  const next = keyed({ pose: two, selection: wrist }, { key: "f" }).selection;
  assert.deepEqual(next, { person: 1, joint: -1 });
  assert.deepEqual(keyed({ pose, selection: wrist }, { key: "Escape" }).selection, whole);
  assert.equal(keyed({ pose, selection: whole }, { key: "Escape" }), null);
});

test("plus and minus undo one another, brackets too", () => {
  for (const [one, other] of ["+-", "[]"]) {
    const there = keyed({ pose, selection: whole }, { key: one }).pose;
    assert.notDeepEqual(boxOf(there.people[0]), boxOf(pose.people[0]));
    const back = keyed({ pose: there, selection: whole }, { key: other }).pose;
    assert.ok(Math.abs(at(back, 13)[0] - at(pose, 13)[0]) < 20, one + other);
  }
});

test("other keys, and keys without anybody, mean nothing", () => {
  assert.equal(keyed({ pose, selection: whole }, { key: "x" }), null);
  const nobody = { person: -1, joint: -1 };
  for (const key of ["ArrowUp", "n", "f", "+", "["])
    assert.equal(keyed({ pose: emptyPose(), selection: nobody }, { key }), null);
});

test("what is chosen is said in words", () => {
  assert.equal(spoken(pose, { person: -1, joint: -1 }), "");
  assert.equal(spoken(pose, whole), "figure 1 chosen");
  assert.equal(spoken(pose, wrist), "figure 1, right wrist at 140, 220");
});
