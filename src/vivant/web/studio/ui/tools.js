// Buttons of tool bars.

import { h } from "./dom.js";
import { icon } from "./icons.js";

/** A button with a picture; `key` is what does the same on the keyboard. */
export function tool(name, label, click, key = "") {
  const look = { type: "button", "aria-label": label, title: key ? `${label} (${key})` : label };
  return h("button.tool", { ...look, data: { tool: name }, on: { click } }, icon(name));
}

/** A button that unfolds others: [label, aside, action] each. */
export function menu(name, label, shown, entries) {
  const fold = h(
    `details.menu${shown ? "" : ".last"}`,
    {},
    h(
      `summary.tool${shown ? ".labelled" : ""}`,
      { "aria-label": label, title: label },
      icon(name),
      shown && h("span", {}, shown),
    ),
    h(
      "div.sheet",
      {},
      entries.map(([text, aside, action]) => {
        const click = () => {
          fold.open = false;
          action();
        };
        return h(
          "button",
          { type: "button", on: { click } },
          text,
          aside && h("span.facts", {}, aside),
        );
      }),
    ),
  );
  document.addEventListener("click", ({ target }) => {
    if (!fold.contains(target)) fold.open = false;
  });
  fold.addEventListener("keydown", ({ key }) => {
    if (key === "Escape") fold.open = false;
  });
  return fold;
}
