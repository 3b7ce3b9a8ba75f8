// Pictures as large as the window, one at a time.

import { download, h } from "./dom.js";
import { icon } from "./icons.js";

/** Show these pictures, {src, alt, name}, beginning with one of them; `name` is a file's. */
export function enlarge(pictures, at = 0) {
  const image = h("img", { src: pictures[at].src, alt: pictures[at].alt });
  const counter = h("span.counter", { role: "status" });
  const show = (to) => {
    at = (to + pictures.length) % pictures.length;
    image.src = pictures[at].src;
    image.alt = pictures[at].alt;
    counter.textContent = pictures.length > 1 ? `${at + 1} of ${pictures.length}` : "";
  };
  const button = (name, label, click) =>
    h(
      "button.tool",
      {
        ...{ type: "button", "aria-label": label, title: label },
        on: {
          click: (event) => {
            event.stopPropagation();
            click();
          },
        },
      },
      icon(name),
    );
  const dialog = h(
    "dialog.lightbox",
    { "aria-label": "Picture in full", on: { click: () => dialog.close() } },
    image,
    h(
      "div.lightbar",
      {},
      pictures.length > 1 && button("left", "Picture before", () => show(at - 1)),
      counter,
      pictures.length > 1 && button("right", "Next picture", () => show(at + 1)),
      button("save", "Download this picture", () => {
        const { src, name } = pictures[at];
        download(src, name);
      }),
      button("close", "Close", () => dialog.close()),
    ),
  );
  dialog.addEventListener("close", () => dialog.remove());
  dialog.addEventListener("keydown", ({ key }) => {
    if (key === "ArrowLeft") show(at - 1);
    if (key === "ArrowRight") show(at + 1);
  });
  document.body.append(dialog);
  show(at);
  dialog.showModal();
}
