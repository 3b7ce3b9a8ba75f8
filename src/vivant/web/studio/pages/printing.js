// A story's pages: laid out anew when captions, order or layout change, and taken home as files.

import { allDrawn, isCurrent, pagesRequest } from "../core/story.js";
import { count } from "../core/words.js";
import { download, downloadBlob, settled } from "../ui/dom.js";
import { note } from "../ui/notes.js";

/** Shows on a page sheet what the cards make; `layout` is the form's values and the story's seed. */
export class Printing {
  #laidOut = null; // the request whose pages are on the sheet

  constructor(api, sheet) {
    this.api = api;
    this.sheet = sheet;
  }

  /** Begin with an empty sheet. */
  clear() {
    this.#laidOut = null;
    this.sheet.pages = [];
  }

  /** Show pages that came with the drawing of these cards. */
  show(pages, cards, layout) {
    this.sheet.pages = pages;
    if (allDrawn(cards)) this.#laidOut = JSON.stringify(pagesRequest(cards, layout, "webp"));
    this.sheet.say(standing(cards));
  }

  /** Lay out what `now` gives once nothing changed for a while: {cards, layout}, or null to wait. */
  layOut = settled(500, async (now) => {
    const { cards, layout } = now() ?? { cards: [] };
    if (!allDrawn(cards)) return;
    const request = pagesRequest(cards, layout, "webp");
    const asked = JSON.stringify(request);
    if (asked === this.#laidOut) return;
    try {
      const { pages, warnings } = await this.api.post("/v1/story/pages", request);
      this.#laidOut = asked;
      this.sheet.pages = pages.map(
        ({ image, content_type: type }) => `data:${type};base64,${image}`,
      );
      this.sheet.say(warnings[0] ?? standing(cards));
    } catch (problem) {
      this.sheet.say(problem.message);
    }
  });

  /** Hand over the pages as pictures of this ending, or the story as one file. */
  async save(format, cards, layout) {
    if (format === "pages") {
      this.sheet.pages.forEach((url, at) =>
        download(url, `page-${at + 1}.${layout.output_format}`),
      );
      return;
    }
    if (!allDrawn(cards)) {
      note("Some panels are not drawn yet.");
      return;
    }
    try {
      const file = await this.api.file("/v1/story/pages", pagesRequest(cards, layout, format));
      downloadBlob(file, format === "zip" ? "panels.zip" : `story.${format}`);
    } catch (problem) {
      note(problem.message, "bad");
    }
  }
}

function standing(cards) {
  const changed = cards.filter((card) => !isCurrent(card)).length;
  if (!changed) return "As it will be printed";
  return `${count(changed, "panel")} changed since ${changed === 1 ? "it was" : "they were"} drawn`;
}
