// Pictures that were made: the newest large, its companions side by side, the others in a strip.

import { COLOURS, LIMBS } from "../core/skeleton.js";
import { seconds } from "../core/words.js";
import { here } from "../net/api.js";
import { download, h, s } from "./dom.js";
import { icon } from "./icons.js";

const MOST = 24;

/**
 * Shows takes: {id, images, pose, fields, time}. It asks, by events with the take and picture in
 * `detail`, for "vary", "keep-seed" and "reuse".
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
    this.strip = h("ul.strip", { "aria-label": "Pictures of this session" });
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

  add(take) {
    this.#preview = null;
    this.#takes = [take, ...this.#takes.filter(({ id }) => id !== take.id)].slice(0, MOST);
    this.#at = 0;
    this.#paint();
  }

  /** A picture in the making, as a data URI; null when there is none any more. */
  preview(uri, pose) {
    this.#preview = uri ? { uri, pose } : null;
    this.#paint();
  }

  get working() {
    return this.classList.contains("working");
  }

  set working(is) {
    this.classList.toggle("working", is);
    if (!is) this.#preview = null;
    this.#paint();
  }

  #paint() {
    if (!this.sheet) return;
    const take = this.#takes[this.#at];
    this.bar.replaceChildren(
      ...(take ? this.#tools(take) : [h("span.placeholder", {}, "Picture")]),
    );
    this.facts.textContent = take && !this.working ? factsOf(take) : "";
    if (this.#preview) this.sheet.replaceChildren(this.#growing());
    else if (this.working)
      this.sheet.replaceChildren(
        h("div.waiting", { "aria-hidden": "true" }, h("span"), h("span"), h("span")),
      );
    else if (take) this.sheet.replaceChildren(this.#grid(take));
    else this.sheet.replaceChildren(...(this.hollow ? [this.hollow] : []));
    this.strip.hidden = this.#takes.length < 2;
    this.strip.replaceChildren(
      ...this.#takes.map((each, at) =>
        h(
          "li",
          {},
          h(
            "button.frame",
            {
              type: "button",
              "aria-pressed": String(at === this.#at),
              "aria-label": `Picture with seed ${each.images[0].seed}`,
              on: {
                click: () => {
                  this.#at = at;
                  this.#paint();
                },
              },
            },
            h("img", { src: here(each.images[0].url), alt: "", loading: "lazy" }),
          ),
        ),
      ),
    );
  }

  #growing() {
    return h(
      "div.grid",
      { data: { count: "1" } },
      h("figure.shot.growing", {}, h("img", { src: this.#preview.uri, alt: "The picture so far" })),
    );
  }

  #grid(take) {
    return h(
      "div.grid",
      { data: { count: String(take.images.length) } },
      take.images.map((image, place) => {
        const alt = `${take.fields?.prompt ?? "Picture"} (${place + 1} of ${take.images.length})`;
        const shot = h(
          "figure.shot",
          {},
          h(
            "button.zoom",
            {
              type: "button",
              "aria-label": `Look at picture ${place + 1} in full`,
              on: { click: () => enlarge(image, alt) },
            },
            h("img", { src: here(image.url), alt, width: image.width, height: image.height }),
          ),
        );
        if (this.#overlay && take.pose) shot.append(skeletonOver(take.pose, image));
        if (take.images.length > 1)
          shot.append(
            h(
              "figcaption",
              {},
              `seed ${image.seed}`,
              h(
                "button.tool.small",
                {
                  type: "button",
                  "aria-label": `Keep seed ${image.seed}`,
                  title: "Keep this seed",
                  on: { click: () => this.#ask("keep-seed", take, image) },
                },
                icon("lock"),
              ),
              h(
                "button.tool.small",
                {
                  type: "button",
                  "aria-label": `Download picture ${place + 1}`,
                  title: "Download",
                  on: { click: () => save(image) },
                },
                icon("save"),
              ),
            ),
          );
        return shot;
      }),
    );
  }

  #tools(take) {
    const first = take.images[0];
    const overlay = h(
      "button.tool.labelled",
      {
        type: "button",
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
      "Compare",
    );
    const button = (name, label, action, labelled = true) =>
      h(
        `button.tool${labelled ? ".labelled" : ""}`,
        { type: "button", "aria-label": label, title: label, on: { click: action } },
        icon(name),
        labelled ? label : null,
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

/** The figures as the request had them, letterboxed over the picture as the service does. */
function skeletonOver(pose, image) {
  const scale = Math.min(image.width / pose.width, image.height / pose.height);
  const [dx, dy] = [
    (image.width - pose.width * scale) / 2,
    (image.height - pose.height * scale) / 2,
  ];
  const line = image.width / 90;
  const at = ([x, y]) => [x * scale + dx, y * scale + dy];
  return s(
    "svg.overlay",
    { viewBox: `0 0 ${image.width} ${image.height}`, "aria-hidden": "true" },
    pose.people.flatMap(({ body }) =>
      LIMBS.map(([from, to], limb) => {
        if (!body[from][2] || !body[to][2]) return null;
        const [[x1, y1], [x2, y2]] = [at(body[from]), at(body[to])];
        return s("line", {
          x1,
          y1,
          x2,
          y2,
          stroke: COLOURS[limb],
          "stroke-width": line,
          "stroke-linecap": "round",
        });
      }),
    ),
  );
}

export function enlarge(image, alt) {
  const dialog = h(
    "dialog.lightbox",
    { "aria-label": alt, on: { click: () => dialog.close(), close: () => dialog.remove() } },
    h("img", { src: here(image.url), alt }),
    h("button.tool", { type: "button", "aria-label": "Close" }, icon("close")),
  );
  document.body.append(dialog);
  dialog.showModal();
}

customElements.define("take-viewer", TakeViewer);
