// Tabs, as the ARIA Authoring Practices describe them.

import { h, unique } from "./dom.js";
import { icon } from "./icons.js";

/** A list of {label, icon, content} of which one is shown at a time. */
export function tabs(label, parts) {
  const panels = parts.map(({ content }, at) =>
    h(
      "div.tabpanel",
      { role: "tabpanel", id: unique("panel"), tabindex: "-1", hidden: at > 0 },
      content,
    ),
  );
  const buttons = parts.map((part, at) =>
    h(
      "button.tab",
      {
        type: "button",
        role: "tab",
        id: unique("tab"),
        "aria-controls": panels[at].id,
        "aria-selected": String(at === 0),
        tabindex: at === 0 ? "0" : "-1",
        on: { click: () => choose(at) },
      },
      part.icon ? icon(part.icon) : null,
      part.label,
    ),
  );
  panels.forEach((panel, at) => panel.setAttribute("aria-labelledby", buttons[at].id));

  function choose(at) {
    buttons.forEach((button, place) => {
      button.setAttribute("aria-selected", String(place === at));
      button.tabIndex = place === at ? 0 : -1;
      panels[place].hidden = place !== at;
    });
  }

  const list = h("div.tabs", { role: "tablist", "aria-label": label }, buttons);
  list.addEventListener("keydown", (event) => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!step) return;
    const at = (buttons.indexOf(document.activeElement) + step + buttons.length) % buttons.length;
    choose(at);
    buttons[at].focus();
  });
  return h("div.tabbed", {}, list, panels);
}
