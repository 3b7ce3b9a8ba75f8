// A story in the making: cards, what was drawn for them, and what is still to be drawn.
//
// A card is a panel of the script with an `id`, the `image` that was drawn for it or null, the
// `drawn` prompt that it was drawn from, and its `origin`: its place in the script that was drawn.

import { MOST_PANELS, newPanel, printScript } from "./script.js";

export const newCard = (id, panel = newPanel()) => ({
  id,
  image: null,
  drawn: null,
  origin: null,
  ...panel,
});

/** The cards of a script; those whose words were there before keep their pictures. */
export function mergeScript(cards, panels, nextId) {
  const left = [...cards];
  const taken = panels.map((panel) =>
    take(left, (card) => card.prompt === panel.prompt && card.character === panel.character),
  );
  return panels.map((panel, place) => {
    const known = taken[place] ?? take(left, (card) => card === cards[place]);
    return known ? { ...known, ...panel } : newCard(nextId(), panel);
  });
}

function take(cards, wanted) {
  const at = cards.findIndex(wanted);
  return at < 0 ? null : cards.splice(at, 1)[0];
}

/** Whether a card's picture shows what its words say now. */
export const isCurrent = (card) => card.image !== null && card.drawn === drawnFrom(card);

export const drawnFrom = ({ prompt, character }) => (character ? prompt : `[NC] ${prompt}`);

export const allDrawn = (cards) => cards.length > 0 && cards.every(({ image }) => image !== null);

/** The request that draws all cards. */
export function storyRequest(fields, cards) {
  const within = { ...fields, comic_description: printScript(cards) };
  if (within.num_ids !== undefined)
    within.num_ids = Math.min(within.num_ids, Math.max(cards.length, 1));
  return within;
}

/**
 * The request that draws one card again and keeps the character: the story's own request, in whose
 * script the card's line stands as it reads now. Null where there is no story to keep to.
 */
export function redoRequest(story, card, seed) {
  if (!story) return null;
  const at = card.origin ?? story.panels.length;
  if (at >= MOST_PANELS) return null;
  const panels = [...story.panels];
  panels[at] = { prompt: card.prompt, caption: card.caption, character: card.character };
  const request = {
    ...story.fields,
    comic_description: printScript(panels),
    redo: at + 1,
    redo_seed: seed,
  };
  return { request, panels, at };
}

/** The request that lays the cards' pictures out on pages. */
export function pagesRequest(cards, { comic_style, seed }, format) {
  return {
    panels: cards.map(({ image }) => image.url),
    comic_description: printScript(cards),
    comic_style,
    seed: Number(seed),
    output_format: format,
  };
}
