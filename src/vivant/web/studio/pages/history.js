// History: what was made, with its settings; to be taken up again, or forgotten.

import { parseScript } from "../core/script.js";
import { labelOf } from "../core/schema.js";
import { ago, count, credits, seconds } from "../core/words.js";
import { here } from "../net/api.js";
import { download, h } from "../ui/dom.js";
import { icon } from "../ui/icons.js";
import { enlarge } from "../ui/lightbox.js";
import { ask, note, problemCard } from "../ui/notes.js";

const PLACES = { "sd3-med-pose": "pose", storydiffusion: "story" };
const WORDS = {
  COMPLETED: "",
  QUEUED: "waiting",
  PROCESSING: "being drawn",
  FAILED: "failed",
  CANCELLED: "cancelled",
};
const UNTOLD = new Set(["embed_prompt", "base64", "pose_input", "image", "ref_image", "redo_seed"]);

export class HistoryPage extends HTMLElement {
  #next = null;

  constructor(app) {
    super();
    this.app = app;
  }

  connectedCallback() {
    if (this.list) return;
    this.list = h("ul.wall");
    this.more = h(
      "button",
      { type: "button", hidden: true, on: { click: () => this.#load(this.#next) } },
      "Show earlier ones",
    );
    this.place = h("div");
    this.append(
      h(
        "header.head",
        {},
        h("h1", {}, "History"),
        h(
          "p",
          {},
          "Everything that was made with this account, newest first. Files are kept for a few days.",
        ),
      ),
      this.place,
      this.list,
      h("div.row.middle", {}, this.more),
    );
  }

  show() {
    this.list.replaceChildren();
    return this.#load(null);
  }

  async #load(before) {
    try {
      const page = await this.app.api.get(
        `/v1/requests?limit=24${before ? `&before=${encodeURIComponent(before)}` : ""}`,
      );
      if (!before) this.list.replaceChildren();
      this.list.append(...page.requests.map((past) => this.#card(past)));
      this.#next = page.next;
      this.more.hidden = page.next === null;
      this.place.replaceChildren(this.list.children.length ? "" : this.#nothing());
    } catch (problem) {
      this.place.replaceChildren(
        problemCard(
          problem,
          h("button", { type: "button", on: { click: () => this.show() } }, "Try again"),
        ),
      );
    }
  }

  #nothing() {
    return h(
      "div.hollow.wide",
      {},
      h("p.title", {}, "No pictures yet"),
      h("p", {}, "What you draw appears here, with all that is needed to draw it again."),
      h("a.button", { href: "#/pose" }, "Draw the first one"),
    );
  }

  #card(past) {
    const [main] = past.outputs;
    const title = titleOf(past);
    const item = h(
      "li",
      {},
      h(
        "button.past",
        { type: "button", on: { click: () => this.#look(past, item) } },
        h(
          "div.shot",
          {},
          main
            ? h("img", {
                src: here(main.url),
                alt: "",
                loading: "lazy",
                on: { error: (event) => event.target.replaceWith(gone("no longer kept")) },
              })
            : gone(WORDS[past.status]),
          manyOf(past),
        ),
        h("span.title", {}, title),
        h(
          "span.facts",
          {},
          [ago(past.created_at), past.cost ? `${credits(past.cost)} credits` : WORDS[past.status]]
            .filter(Boolean)
            .join("  ·  "),
        ),
      ),
    );
    return item;
  }

  #look(past, item) {
    const close = () => {
      dialog.close();
      dialog.remove();
    };
    const place = PLACES[past.model];
    const use = async () => {
      close();
      location.hash = `#/${place}`;
      await this.app
        .page(place)
        .reuse(past)
        .catch((problem) => note(problem.message, "bad"));
      note("The settings are on the table.");
    };
    const forget = async () => {
      if (
        !(await ask(
          "Delete this for good?",
          "Its words and files go. What it cost stays in the book.",
          "Delete",
        ))
      )
        return;
      try {
        await this.app.api.remove(`/v1/requests/${past.request_id}`);
        close();
        item.remove();
        note("Deleted.");
      } catch (problem) {
        note(problem.message, "bad");
      }
    };
    const open = past.status === "QUEUED" || past.status === "PROCESSING";
    const dialog = h(
      "dialog.dialog.past",
      {
        "aria-label": titleOf(past),
        on: {
          close: () => dialog.remove(),
          click: (event) => {
            if (event.target === dialog) close();
          },
        },
      },
      h(
        `div.shots${past.outputs.length > 1 ? ".several" : ""}${isStory(past) ? ".paged" : ""}`,
        { tabindex: "0", role: "group", "aria-label": "Pictures" },
        past.outputs.length
          ? past.outputs.map((output, at) =>
              h(
                "button.zoom",
                {
                  type: "button",
                  "aria-label": `Look at ${output.kind} ${at + 1} in full`,
                  on: { click: () => enlarge(past.outputs.map(shownOf), at) },
                },
                h("img", {
                  src: here(output.url),
                  alt: `${output.kind} ${at + 1}`,
                  loading: "lazy",
                  on: { error: (event) => event.target.replaceWith(gone("no longer kept")) },
                }),
              ),
            )
          : gone(past.error ?? WORDS[past.status]),
      ),
      h(
        "div.told",
        {},
        h("h2", {}, titleOf(past)),
        past.error && h("p.problem", {}, past.error),
        h(
          "div.scrolled",
          { tabindex: "0", role: "group", "aria-label": "Settings" },
          h(
            "dl.facts",
            {},
            factsOf(past).flatMap(([name, value]) => [
              h("dt", {}, name),
              h(name === "Leave out" ? "dd.long" : "dd", {}, value),
            ]),
          ),
        ),
        h(
          "div.row.end",
          {},
          h(
            "button.quiet",
            { type: "button", disabled: open, on: { click: forget } },
            icon("trash"),
            "Delete",
          ),
          past.outputs.length > 0 &&
            h(
              "button.quiet",
              {
                type: "button",
                on: {
                  click: () =>
                    past.outputs.forEach((output) => download(here(output.url), output.file_name)),
                },
              },
              icon("save"),
              "Download",
            ),
          place &&
            h(
              "button.primary",
              { type: "button", on: { click: use } },
              icon("again"),
              "Use these settings",
            ),
        ),
      ),
      h(
        "button.tool.corner",
        { type: "button", "aria-label": "Close", on: { click: close } },
        icon("close"),
      ),
    );
    document.body.append(dialog);
    dialog.showModal();
  }
}

const isStory = ({ model }) => PLACES[model] === "story";

const shownOf = ({ url, kind, file_name: name }, at) => ({
  src: here(url),
  alt: `${kind} ${at + 1}`,
  name,
});

/** How many pictures there are besides the one that is shown. */
function manyOf(past) {
  const made = past.outputs.length;
  if (made < 2) return null;
  const panels = past.outputs.filter(({ kind }) => kind === "panel").length;
  return h("span.many", {}, isStory(past) ? count(panels, "panel") : count(made, "picture"));
}

const gone = (text) => h("span.gone", {}, icon("picture"), text);

function titleOf({ inputs, model }) {
  if (inputs.prompt) return inputs.prompt;
  if (inputs.comic_description)
    return `${inputs.character_description}: ${count(parseScript(inputs.comic_description).length, "panel")}${inputs.redo ? `, panel ${inputs.redo} again` : ""}`;
  return model;
}

function factsOf(past) {
  const told = Object.entries(past.inputs)
    .filter(
      ([name, value]) => !UNTOLD.has(name) && value !== null && value !== "" && name !== "prompt",
    )
    .map(([name, value]) => [labelOf(name), String(value)]);
  const seed = past.seed ? [["Seed", past.seed]] : [];
  const took = past.metrics.inference_time ? [["Time", seconds(past.metrics.inference_time)]] : [];
  return [
    [
      "Made",
      new Date(past.created_at).toLocaleString("en", { dateStyle: "medium", timeStyle: "short" }),
    ],
    ["Cost", `${credits(past.cost)} credits`],
    ...took,
    ...seed,
    ...told.filter(([name]) => name !== "Seed"),
  ];
}

customElements.define("history-page", HistoryPage);
