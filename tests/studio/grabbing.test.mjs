import assert from "node:assert/strict";
import { test } from "node:test";

import { movePerson } from "../../src/vivant/web/studio/core/edits.js";
import { dragged, jointAt, personAt } from "../../src/vivant/web/studio/core/grabbing.js";
import { boxOf, middleOf } from "../../src/vivant/web/studio/core/skeleton.js";
import { at, pose } from "./poses.mjs";

const grip = (kind, start, joint = -1) => ({
  kind,
  pose,
  person: 0,
  joint,
  start,
  middle: middleOf(pose.people[0]),
  whole: false,
});

test("the nearest joint is taken, and none beyond reach", () => {
  assert.deepEqual(jointAt(pose, -1, [143, 221], 20), { person: 0, joint: 4 });
  assert.equal(jointAt(pose, -1, [300, 20], 20), null);
});

test("joints of the chosen figure are taken rather than others", () => {
  const two = { ...pose, people: [...pose.people, ...movePerson(pose, 0, 4, 0).people] };
  assert.equal(jointAt(two, 0, [143, 220], 20, 3).person, 0);
  assert.equal(jointAt(two, -1, [143, 220], 20, 3).person, 1);
});

test("a hidden joint is only there for whom is chosen", () => {
  const body = pose.people[0].body.map((point, joint) => (joint === 4 ? [140, 220, 0] : point));
  const hidden = { ...pose, people: [{ ...pose.people[0], body }] };
  assert.notEqual(jointAt(hidden, -1, [140, 220], 20)?.joint, 4);
  assert.equal(jointAt(hidden, 0, [140, 220], 20).joint, 4);
});

test("a figure is taken by the room around it, the uppermost first", () => {
  const two = { ...pose, people: [...pose.people, ...movePerson(pose, 0, 10, 0).people] };
  assert.equal(personAt(two, [150, 250], 5), 1);
  assert.equal(personAt(two, [98, 250], 5), 0);
  assert.equal(personAt(two, [20, 20], 5), -1);
});

test("a joint follows the hand and stays on the canvas", () => {
  assert.deepEqual(at(dragged(grip("joint", [0, 0], 4), [30, -10]), 4), [170, 210, 1]);
  assert.deepEqual(at(dragged(grip("joint", [0, 0], 4), [9999, 0]), 4), [640, 220, 1]);
});

test("a figure goes where it is dragged", () => {
  assert.deepEqual(at(dragged(grip("person", [5, 5]), [15, 0]), 0), [110, 195, 1]);
});

test("twice as far from the middle is twice as large", () => {
  const [x, y] = middleOf(pose.people[0]);
  const larger = dragged(grip("scale", [x + 50, y]), [x + 100, y]);
  assert.equal(boxOf(larger.people[0]).width, 2 * boxOf(pose.people[0]).width);
});

test("a quarter around the middle turns by a quarter", () => {
  const [x, y] = middleOf(pose.people[0]);
  const turned = dragged(grip("turn", [x, y - 50]), [x + 50, y]);
  assert.ok(Math.abs(boxOf(turned.people[0]).height - boxOf(pose.people[0]).width) < 1e-6);
});
