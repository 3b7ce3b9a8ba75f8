// Pictures that were made: the newest large, its companions side by side, the others in a strip.

import { seconds } from "../core/words.js";
import { here } from "../net/api.js";
import { download, h, keepingFocus } from "./dom.js";
import { skeletonOver } from "./figures.js";
import { icon } from "./icons.js";
import { enlarge } from "./lightbox.js";

const MOST = 24;

/**
 * Shows takes: {id, images, pose, fields, time}; tells new ones and lost ones as "change". It asks,
 * by events with the take and picture in `detail`, for "vary", "keep-seed" and "reuse".
 */
export class TakeViewer extends HTMLElement {
  #takes = [];
  #at = 0;
  #overlay = false;
  #preview = null;

  connectedCallback() {
    if (this.firstChild) return;
    this.sheet = h("div.sheetspace");
    this.bar = h("div.tools", { role: "toolbar", "aria-label": "Picture tools" });
    this.strip = h("ul.strip", { "aria-label": "Pictures of this browser" });
    this.facts = h("p.facts");
    this.append(this.bar, h("div.table", {}, this.sheet), this.facts, this.strip);
    this.#paint();
  }

  /** What stands here while nothing was made yet. */
  set invitation(element) {
    this.hollow = element;
    this.#paint();
  }

  get takes() {
    return this.#takes;
  }

  set takes(takes) {
    this.#takes = takes.slice(0, MOST);
    this.#at = 0;
    this.#paint();
  }

  add(take) {
    this.#preview = null;
    this.takes = [take, ...this.#takes.filter(({ id }) => id !== take.id)];
    this.dispatchEvent(new Event("change"));
  }

  // Its files are kept no longer, or not for this account.
  #drop(take) {
    this.takes = this.#takes.filter((each) => each !== take);
    this.dispatchEvent(new Event("change"));
  }

  /** A picture in the making, as a data URI; null when there is none any more. */
  preview(uri) {
    this.#preview = uri;
    this.#paintSheet();
  }

  get working() {
    return this.classList.contains("working");
  }

  set working(is) {
    this.classList.toggle("working", is);
    if (!is) this.#preview = null;
    this.#paint();
  }

  get #take() {
    return this.#takes[this.#at];
  }

  #paint() {
    if (!this.sheet) return;
    keepingFocus(this, () => {
      const take = this.#take;
      this.bar.replaceChildren(
        ...(take ? this.#tools(take) : [h("span.placeholder", {}, "Picture")]),
      );
      this.facts.textContent = take && !this.working ? factsOf(take) : "";
      this.#paintSheet();
      this.strip.hidden = this.#takes.length < 2;
      this.strip.replaceChildren(...this.#takes.map((each, at) => this.#frame(each, at)));
    });
  }

  #paintSheet() {
    const shown = this.#preview
      ? this.#growing()
      : this.working
        ? h("div.waiting", { "aria-hidden": "true" }, h("span"), h("span"), h("span"))
        : this.#take
          ? this.#grid(this.#take)
          : (this.hollow ?? "");
    this.sheet.replaceChildren(shown);
  }

  #frame(take, at) {
    const choose = () => {
      this.#at = at;
      this.#paint();
    };
    const look = {
      type: "button",
      "aria-pressed": String(at === this.#at),
      "aria-label": `Picture ${at + 1}, seed ${take.images[0].seed}`,
      on: { click: choose },
    };
    const src = here(take.images[0].url);
    const lost = { error: () => this.#drop(take) };
    return h("li", {}, h("button.frame", look, h("img", { src, alt: "", on: lost })));
  }

  #growing() {
    return h(
      "div.grid",
      { data: { count: "1" } },
      h("figure.shot.growing", {}, h("img", { src: this.#preview, alt: "The picture so far" })),
    );
  }

  #grid(take) {
    return h(
      "div.grid",
      { data: { count: String(take.images.length) } },
      take.images.map((_, place) => this.#shot(take, place)),
    );
  }

  #shot(take, place) {
    const { images } = take;
    const image = images[place];
    const shown = images.map((each, at) => ({
      src: here(each.url),
      name: each.file_name,
      alt: `${take.fields?.prompt ?? "Picture"} (${at + 1} of ${images.length})`,
    }));
    const zoom = {
      type: "button",
      "aria-label": `Look at picture ${place + 1} in full`,
      on: { click: () => enlarge(shown, place) },
    };
    const { src, alt } = shown[place];
    const { width, height } = image;
    const on = { error: () => this.#drop(take) };
    const overlaid = this.#overlay && take.pose;
    return h(
      "figure.shot",
      {},
      h("button.zoom", zoom, h("img", { src, alt, width, height, on })),
      overlaid && skeletonOver(take.pose, image),
      images.length > 1 && this.#caption(take, place),
    );
  }

  #caption(take, place) {
    const image = take.images[place];
    const keep = () => this.#ask("keep-seed", take, image);
    return h(
      "figcaption",
      {},
      `seed ${image.seed}`,
      small("lock", `Keep seed ${image.seed}`, keep),
      small("save", `Download picture ${place + 1}`, () => save(image)),
    );
  }

  #tools(take) {
    const first = take.images[0];
    const overlay = h(
      "button.tool.labelled",
      {
        type: "button",
        "aria-label": "Compare",
        title: "Lay the skeleton over the picture",
        "aria-pressed": String(this.#overlay),
        disabled: !take.pose,
        on: {
          click: () => {
            this.#overlay = !this.#overlay;
            this.#paint();
          },
        },
      },
      icon("layers"),
      h("span", {}, "Compare"),
    );
    const button = (name, label, action, labelled = true) =>
      h(
        `button.tool${labelled ? ".labelled" : ""}`,
        { type: "button", "aria-label": label, title: label, on: { click: action } },
        icon(name),
        labelled && h("span", {}, label),
      );
    return [
      button("save", take.images.length > 1 ? "Download all" : "Download", () =>
        take.images.forEach(save),
      ),
      button("vary", "Vary", () => this.#ask("vary", take, first)),
      h("span.gap"),
      overlay,
      button("lock", "Keep this seed", () => this.#ask("keep-seed", take, first), false),
      button("again", "Take these settings back", () => this.#ask("reuse", take, first), false),
    ];
  }

  #ask(name, take, image) {
    this.dispatchEvent(new CustomEvent(name, { detail: { take, image } }));
  }
}

const small = (name, label, click) =>
  h(
    "button.tool.small",
    { type: "button", "aria-label": label, title: label, on: { click } },
    icon(name),
  );

const save = (image) => download(here(image.url), image.file_name);

function factsOf({ images, time, cost }) {
  const seeds =
    images.length > 1
      ? `seeds ${images[0].seed} to ${images.at(-1).seed}`
      : `seed ${images[0].seed}`;
  return [
    `${images[0].width} × ${images[0].height}`,
    seeds,
    time ? seconds(time) : null,
    cost ? `${cost} credits` : null,
  ]
    .filter(Boolean)
    .join("  ·  ");
}

customElements.define("take-viewer", TakeViewer);
