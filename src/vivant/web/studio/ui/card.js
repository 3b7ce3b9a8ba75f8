// One panel of a story as a card to write on.

import { captionOf, troubleOf } from "../core/script.js";
import { isCurrent } from "../core/story.js";
import { here } from "../net/api.js";
import { h, unique } from "./dom.js";
import { icon } from "./icons.js";
import { enlarge } from "./lightbox.js";

/**
 * The elements of one card. `asks` is what it asks of the list that holds it: write(change),
 * after(), redo(), copy(), remove(), lost() (its picture is gone), step(by) and grab(event).
 */
export class PanelCard {
  #shown;

  constructor(asks) {
    this.#make(asks);
    this.item = h(
      "li.card",
      {},
      h("div.edge", {}, this.grip, this.number),
      h("div.shown", {}, this.thumb, this.bar),
      h(
        "div.words",
        {},
        h("label.hidden", { for: this.prompt.id }, "What this panel shows"),
        this.prompt,
        this.trouble,
        h("label.hidden", { for: this.caption.id }, "Caption"),
        this.caption,
        h(
          "div.row.options",
          {},
          h("label.check", {}, this.nobody, "No character"),
          h("label.check", {}, this.silent, "No caption"),
          h(
            "span.actions",
            {},
            this.again,
            small("copy", "Duplicate this panel", () => asks.copy()),
            small("trash", "Remove this panel", () => asks.remove()),
          ),
        ),
      ),
    );
    this.asks = asks;
  }

  #make(asks) {
    this.number = h("span.number");
    this.thumb = h("div.thumb");
    this.bar = h("progress", { max: 1, hidden: true, "aria-label": "This panel" });
    this.grip = h("button.grip", { type: "button" }, icon("grip"));
    this.grip.addEventListener("keydown", (event) => {
      const step = { ArrowUp: -1, ArrowDown: 1 }[event.key];
      if (!step) return;
      event.preventDefault();
      asks.step(step);
    });
    this.grip.addEventListener("pointerdown", (event) => asks.grab(event));
    this.trouble = h("p.trouble", { id: unique("trouble") });
    this.prompt = h("textarea.line", {
      ...{ id: unique("prompt"), rows: 1, maxLength: 2000 },
      "aria-describedby": this.trouble.id,
      placeholder: "What this panel shows",
      on: {
        input: () => asks.write({ prompt: this.prompt.value.replace(/\n/g, " ") }),
        keydown: (event) => {
          if (event.key !== "Enter" || event.ctrlKey || event.metaKey) return;
          event.preventDefault();
          asks.after();
        },
      },
    });
    this.caption = h("textarea.caption", { id: unique("caption"), rows: 1, maxLength: 2000 });
    this.caption.addEventListener("input", () =>
      asks.write({ caption: this.caption.value.replace(/\n/g, " ") || null }),
    );
    this.nobody = box((is) => asks.write({ character: !is }));
    this.silent = box((is) => asks.write({ caption: is ? "" : null }));
    this.verb = h("span");
    this.again = h(
      "button.tool.small.again",
      { type: "button", on: { click: () => asks.redo() } },
      icon("again"),
      this.verb,
    );
  }

  /** Show which panel of the story it is. */
  set place(at) {
    this.number.textContent = String(at + 1);
    this.grip.setAttribute("aria-label", `Move panel ${at + 1} with the arrow keys, or drag it`);
    this.grip.title = "Drag, or move with the arrow keys";
  }

  /** Its drawing so far: a picture as a data URI, and which share of its steps is done. */
  grow({ preview = null, share = null }) {
    if (preview) this.thumb.replaceChildren(h("img", { src: preview, alt: "" }));
    this.bar.hidden = share === null || share >= 1;
    this.bar.value = share ?? 0;
    this.item.classList.toggle("working", share !== null && share < 1);
  }

  /** The drawing is over: show what the card holds, whatever stood here meanwhile. */
  settle() {
    this.bar.hidden = true;
    this.item.classList.remove("working");
    this.#shown = undefined;
  }

  /** Show what a card holds. */
  fill(card, canRedo) {
    if (this.prompt.value !== card.prompt) this.prompt.value = card.prompt;
    const words = card.caption ?? "";
    if (this.caption.value !== words) this.caption.value = words;
    this.caption.disabled = card.caption === "";
    const own = captionOf({ ...card, caption: null }) || "as above";
    this.caption.placeholder = card.caption === "" ? "no caption" : `Caption: ${own}`;
    this.nobody.checked = !card.character;
    this.silent.checked = card.caption === "";
    if (!troubleOf(card)) this.blame(null);
    this.#picture(card);
    this.#redo(card, canRedo);
  }

  /** Say beside the words what is wrong with them; null says that nothing is any more. */
  blame(trouble) {
    this.trouble.textContent = trouble ?? "";
    if (trouble) this.prompt.setAttribute("aria-invalid", "true");
    else this.prompt.removeAttribute("aria-invalid");
  }

  #picture({ image, character, prompt }) {
    const url = image ? here(image.url) : null;
    if (this.#shown === url) return;
    this.#shown = url;
    this.thumb.replaceChildren(url ? this.#zoom(image, `Panel: ${prompt}`) : blank(character));
  }

  #zoom(image, alt) {
    const look = h("img", { src: here(image.url), alt, on: { error: () => this.asks.lost() } });
    return h(
      "button.zoom",
      {
        type: "button",
        "aria-label": "Look at this panel in full",
        on: { click: () => enlarge([{ src: look.src, alt }]) },
      },
      look,
    );
  }

  #redo(card, canRedo) {
    const current = isCurrent(card);
    this.again.hidden = !canRedo;
    this.item.classList.toggle("changed", card.image !== null && !current);
    const verb =
      card.image === null
        ? "Draw this panel"
        : current
          ? "Draw this panel again"
          : "Draw the change";
    this.verb.textContent = "Draw";
    this.again.title = verb;
    this.again.setAttribute("aria-label", verb);
  }
}

const blank = (character) => icon(character ? "figure" : "picture");

const small = (name, label, click) =>
  h(
    "button.tool.small",
    { type: "button", "aria-label": label, title: label, on: { click } },
    icon(name),
  );

function box(changed) {
  const input = h("input", { type: "checkbox" });
  input.addEventListener("change", () => changed(input.checked));
  return input;
}
