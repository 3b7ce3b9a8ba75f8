// All keys at a glance.

import { h } from "./dom.js";
import { icon } from "./icons.js";

const SHEET = [
  [
    "Everywhere",
    [
      ["Ctrl Enter", "Draw"],
      ["?", "Show these keys"],
    ],
  ],
  [
    "On the canvas",
    [
      ["← ↑ → ↓", "Move what is chosen; with Shift further"],
      ["Alt ←", "Move a joint and all that hangs on it; so does dragging with Shift"],
      ["N P", "Next joint, previous joint"],
      ["F", "Next figure"],
      ["Esc", "The whole figure"],
      ["+ −", "Larger, smaller"],
      ["[ ]", "Turn"],
      ["M", "Mirror"],
      ["Delete", "Hide the joint, or remove the figure"],
    ],
  ],
  [
    "In the editor",
    [
      ["Ctrl Z", "Undo"],
      ["Ctrl Y", "Redo"],
      ["Ctrl D", "Duplicate the figure"],
      ["Ctrl V", "Read a picture from the clipboard"],
    ],
  ],
  [
    "In a story",
    [
      ["Enter", "A new panel below"],
      ["↑ ↓", "Move the panel whose grip is held"],
    ],
  ],
];

export function showKeys() {
  if (document.querySelector("dialog[open]")) return;
  const dialog = h(
    "dialog.dialog.keysheet",
    {
      "aria-label": "Keys",
      on: {
        close: () => dialog.remove(),
        click: ({ target }) => {
          if (target === dialog) dialog.close();
        },
      },
    },
    h("h2", {}, "Keys"),
    h(
      "div.columns",
      {},
      SHEET.map(([title, entries]) =>
        h(
          "section",
          {},
          h("h3.small-title", {}, title),
          h(
            "dl",
            {},
            entries.flatMap(([keys, does]) => [
              h(
                "dt",
                {},
                keys.split(" ").map((key) => h("kbd", {}, key)),
              ),
              h("dd", {}, does),
            ]),
          ),
        ),
      ),
    ),
    h(
      "button.tool.corner",
      { type: "button", "aria-label": "Close", on: { click: () => dialog.close() } },
      icon("close"),
    ),
  );
  document.body.append(dialog);
  dialog.showModal();
}

/** Show the sheet whenever "?" is pressed and nobody is writing. */
export function listenForKeys() {
  addEventListener("keydown", (event) => {
    if (event.key !== "?" || event.target.matches?.("input, select, textarea")) return;
    if (document.body.classList.contains("inside")) showKeys();
  });
}
