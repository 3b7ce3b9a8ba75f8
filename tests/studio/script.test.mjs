import assert from "node:assert/strict";
import { test } from "node:test";

import {
  captionOf,
  moved,
  newPanel,
  parseScript,
  printScript,
  troubleOf,
} from "../../src/vivant/web/studio/core/script.js";
import {
  allDrawn,
  isCurrent,
  mergeScript,
  newCard,
  pagesRequest,
  redoRequest,
  storyRequest,
} from "../../src/vivant/web/studio/core/story.js";

const BRIEF = `at home, read new paper #at home, The newspaper says there is a treasure house in the forest.
on the road, near the forest
[NC] The car on the road, near the forest #He drives to the forest in search of treasure.
[NC]A tiger appeared in the forest, at night \nvery frightened, open mouth, in the forest, at night
running very fast, in the forest, at night
[NC] A house in the forest, at night #Suddenly, he discovers the treasure house!
in the house filled with treasure, laughing, at night #He is overjoyed inside the house.`;

const tidy = (text) =>
  text
    .split("\n")
    .map((line) => line.replace("[NC]", "[NC] ").split(/\s+/).filter(Boolean).join(" "))
    .join("\n");

test("the brief's script comes back as it went in", () => {
  const panels = parseScript(BRIEF);
  assert.equal(panels.length, 8);
  assert.equal(printScript(panels), tidy(BRIEF));
  assert.deepEqual(parseScript(printScript(panels)), panels);
});

test("panels know their caption and whether the character is there", () => {
  const [first, second, third] = parseScript(BRIEF);
  assert.equal(
    captionOf(first),
    "at home, The newspaper says there is a treasure house in the forest.",
  );
  assert.equal(second.caption, null);
  assert.equal(captionOf(second), "on the road, near the forest");
  assert.equal(third.character, false);
  assert.equal(third.prompt, "The car on the road, near the forest");
});

for (const [line, panel] of [
  ["[nc] a house", { prompt: "a house", caption: null, character: false }],
  ["a house [ NC ] by the sea", { prompt: "a house by the sea", caption: null, character: false }],
  ["a house #", { prompt: "a house", caption: "", character: true }],
  ["a # b # c", { prompt: "a", caption: "b # c", character: true }],
  ["a # b [NC]", { prompt: "a", caption: "b", character: false }],
])
  test(`the line ${JSON.stringify(line)}`, () => assert.deepEqual(parseScript(line), [panel]));

test("blank lines and all kinds of line ends", () => {
  assert.deepEqual(
    parseScript("a\r\n\r\n  \rb\n").map(({ prompt }) => prompt),
    ["a", "b"],
  );
});

test("whatever is written on a card stays one line of the script", () => {
  const odd = { prompt: "panel #3\nsecond line [NC]", caption: "two\nlines", character: true };
  const [back, ...rest] = parseScript(printScript([odd]));
  assert.equal(rest.length, 0);
  assert.deepEqual(back, {
    prompt: "panel \uff033 second line",
    caption: "two lines",
    character: true,
  });
});

test("an empty panel is in trouble", () => {
  assert.ok(troubleOf(newPanel()));
  assert.equal(troubleOf({ prompt: "a" }), null);
});

test("moving keeps within the list", () => {
  assert.deepEqual(moved(["a", "b", "c"], 0, 2), ["b", "c", "a"]);
  assert.deepEqual(moved(["a", "b", "c"], 2, -5), ["c", "a", "b"]);
});

const drawn = (id, prompt, origin) => ({
  ...newCard(id, { prompt, caption: null, character: true }),
  image: { url: `/${id}` },
  drawn: prompt,
  origin,
});
const cards = [drawn("one", "at home", 0), drawn("two", "on the road", 1)];
let made = 0;
const nextId = () => `new-${(made += 1)}`;

test("a script that is written anew keeps the pictures of lines that stayed", () => {
  const merged = mergeScript(
    cards,
    parseScript("on the road #Off!\nin the forest\nat home"),
    nextId,
  );
  assert.deepEqual(
    merged.map(({ id }) => id).filter((id) => !id.startsWith("new")),
    ["two", "one"],
  );
  assert.equal(merged[0].caption, "Off!");
  assert.equal(merged[1].image, null);
});

test("a line that is changed keeps its picture, which is no longer current", () => {
  const [card] = mergeScript(cards, parseScript("at sea\non the road"), nextId);
  assert.equal(card.id, "one");
  assert.equal(isCurrent(card), false);
  assert.equal(isCurrent(cards[0]), true);
});

test("identity panels are never more than panels", () => {
  assert.equal(storyRequest({ num_ids: 3 }, cards).num_ids, 2);
  assert.equal(storyRequest({ num_ids: 1 }, cards).num_ids, 1);
});

const story = { fields: { seed: 5, num_ids: 1 }, panels: parseScript("at home\non the road") };

test("one panel again: the story's own script with the new words in their place", () => {
  const { request, at } = redoRequest(story, { ...cards[1], prompt: "on the bridge" }, 99);
  assert.equal(at, 1);
  assert.deepEqual(request, {
    seed: 5,
    num_ids: 1,
    comic_description: "at home\non the bridge",
    redo: 2,
    redo_seed: 99,
  });
});

test("a panel that is new is drawn after all others", () => {
  const { request, panels } = redoRequest(
    story,
    newCard("x", { prompt: "a cat", caption: null, character: false }),
    1,
  );
  assert.equal(request.redo, 3);
  assert.equal(request.comic_description, "at home\non the road\n[NC] a cat");
  assert.equal(panels.length, 3);
});

test("there is nothing to draw again before there is a story", () => {
  assert.equal(redoRequest(null, cards[0], 1), null);
});

test("pages are laid out from the pictures there are", () => {
  assert.equal(allDrawn(cards), true);
  assert.equal(allDrawn([...cards, newCard("x")]), false);
  const asked = pagesRequest(cards, { comic_style: "Four Pannel", seed: "7" }, "pdf");
  assert.deepEqual(asked, {
    panels: ["/one", "/two"],
    comic_description: "at home\non the road",
    comic_style: "Four Pannel",
    seed: 7,
    output_format: "pdf",
  });
});
