import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

import { EventParser } from "../../src/vivant/web/studio/core/events.js";
import { LANGUAGES, literal, sampleOf } from "../../src/vivant/web/studio/core/samples.js";
import {
  controlsOf,
  defaultsOf,
  fitted,
  labelOf,
  requestOf,
} from "../../src/vivant/web/studio/core/schema.js";
import { LONGEST, Undo } from "../../src/vivant/web/studio/core/undo.js";
import { ago, count, credits, friendly, seconds } from "../../src/vivant/web/studio/core/words.js";

// The real schemas, as the service tells them; the test that runs this one writes them down.
const schemas = JSON.parse(readFileSync(process.env.VIVANT_SCHEMAS, "utf-8"));
const pose = controlsOf(schemas["sd3-med-pose"]);
const story = controlsOf(schemas.storydiffusion);
const named = (controls, name) => controls.find((control) => control.name === name);

test("every field of every endpoint has a control with a label", () => {
  for (const [slug, controls] of [
    ["sd3-med-pose", pose],
    ["storydiffusion", story],
  ]) {
    assert.deepEqual(
      controls.map(({ name }) => name),
      Object.keys(schemas[slug].properties),
    );
    for (const { label, kind } of controls) assert.ok(label && kind);
  }
});

test("limits, steps and defaults are the schema's", () => {
  const steps = named(pose, "num_inference_steps");
  assert.deepEqual(
    [steps.kind, steps.min, steps.max, steps.step, steps.default],
    ["slider", 1, 100, 1, 20],
  );
  assert.equal(named(pose, "strength").step, 0.05);
  assert.equal(named(story, "image_width").step, 32);
  assert.equal(named(pose, "samples").kind, "steps");
  assert.equal(named(pose, "seed").kind, "number");
  assert.equal(named(pose, "width").optional, true);
  assert.equal(named(pose, "sampler").kind, "choice");
  assert.equal(named(pose, "sampler").options.length, 23);
  assert.equal(named(pose, "base64").kind, "switch");
});

test("values are brought within limits and onto steps", () => {
  assert.equal(fitted(named(pose, "num_inference_steps"), "500"), 100);
  assert.equal(fitted(named(story, "image_width"), 300), 288);
  assert.equal(fitted(named(pose, "strength"), "0.3333333"), 0.333);
  assert.equal(fitted(named(pose, "width"), ""), null);
  assert.equal(fitted(named(pose, "samples"), "x"), 1);
});

test("a request holds what is set, and leaves open what is left open", () => {
  const request = requestOf(pose, {
    ...defaultsOf(pose),
    prompt: "a",
    width: null,
    seed: -1,
    unknown: 1,
  });
  assert.equal(request.prompt, "a");
  assert.equal(request.seed, -1);
  assert.ok(!("width" in request) && !("unknown" in request) && !("image" in request));
});

test("fields without a label of their own get one", () => {
  assert.equal(labelOf("some_new_field"), "Some new field");
});

const call = {
  base: "http://127.0.0.1:1",
  slug: "sd3-med-pose",
  file: "picture.jpg",
  fields: {
    prompt: 'it\'s "so"\n$HOME `x`',
    seed: -1,
    base64: false,
    image: { people: [{ pose_keypoints_2d: Array.from({ length: 54 }, (_, at) => at + 0.5) }] },
  },
};

test("each language says the same request", () => {
  for (const { name } of LANGUAGES) {
    const code = sampleOf(name, call);
    assert.match(code, /sd3-med-pose/);
    assert.match(code, /VIVANT_KEY/);
    assert.ok(code.includes(JSON.stringify(call.fields.prompt)), name);
  }
  const body = /<<'JSON'\n([^]*)\nJSON\n/.exec(sampleOf("curl", call))[1];
  assert.deepEqual(JSON.parse(body), call.fields);
});

test("Python says True and None, and no line of numbers is too long", () => {
  const words = { true: "True", false: "False", null: "None", indent: "    " };
  assert.equal(literal({ a: true, b: null }, words), '{\n    "a": True,\n    "b": None\n}');
  for (const line of sampleOf("python", call).split("\n")) assert.ok(line.length <= 100, line);
});

test("events are read however they are cut", () => {
  const text =
    'event: queued\ndata: {"position": 2}\n\nevent: progress\r\ndata: {"step": 1,\r\ndata: "total": 2}\r\n\r\n: a comment\n\n';
  for (const size of [1, 3, 7, 1000]) {
    const parser = new EventParser();
    const events = [];
    for (let at = 0; at < text.length; at += size)
      events.push(...parser.push(text.slice(at, at + size)));
    assert.deepEqual(
      events,
      [
        { name: "queued", data: { position: 2 } },
        { name: "progress", data: { step: 1, total: 2 } },
      ],
      `pieces of ${size}`,
    );
  }
});

test("undo and redo go through what was", () => {
  const undo = new Undo(0);
  undo.push(1);
  undo.push(2);
  undo.undo();
  assert.equal(undo.present, 1);
  undo.redo();
  assert.equal(undo.present, 2);
  undo.undo();
  undo.push(3);
  assert.equal(undo.canRedo, false);
  for (let at = 0; at < 2 * LONGEST; at += 1) undo.push(100 + at);
  for (let at = 0; at < LONGEST; at += 1) undo.undo();
  assert.equal(undo.canUndo, false);
});

test("numbers, moments and problems in words", () => {
  assert.deepEqual([0.017, 0.166, 9.5, 999.983, 1000].map(credits), [
    "0.017",
    "0.166",
    "9.5",
    "999.98",
    "1,000",
  ]);
  assert.deepEqual([0.04, 5.25, 42, 75].map(seconds), ["0.1 s", "5.3 s", "42 s", "1 min 15 s"]);
  assert.equal(count(1, "panel"), "1 panel");
  assert.equal(ago("2026-01-01T12:00:00Z", new Date("2026-01-01T12:05:30Z")), "5 minutes ago");
  assert.equal(
    friendly({ status: 406, message: "not enough credits" }).title,
    "Not enough credits",
  );
  assert.match(friendly({ status: 0, message: "" }).hint, /again/);
  assert.equal(friendly({ status: 500, message: "quote req_1" }).text, "Quote req_1");
});
