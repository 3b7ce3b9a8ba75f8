// Line icons on a grid of 24, drawn for this page.

import { s } from "./dom.js";

const PATHS = {
  undo: "M8 5 4 9l4 4M4 9h10a5.500 5.500 0 0 1 0 11h-4",
  redo: "M16 5l4 4-4 4M20 9H10a5.500 5.500 0 0 0 0 11h4",
  add: "M12 5v14M5 12h14",
  person: "M12 8a3 3 0 1 0 0-6 3 3 0 0 0 0 6M5 22v-5a7 7 0 0 1 14 0v5",
  mirror: "M12 3v18M8 7 3 17h5zM16 7l5 10h-5z",
  copy: "M9 9h11v11H9zM5 15H4V4h11v1",
  trash: "M4 7h16M9 7V4h6v3M6 7l1 13h10l1-13",
  picture: "M4 5h16v14H4zM4 16l5-5 4 4 3-3 4 4M15.5 9.5h.01",
  save: "M12 4v11M7 10l5 5 5-5M5 20h14",
  open: "M12 15V4M7 9l5-5 5 5M5 20h14",
  eye: "M2 12s4-7 10-7 10 7 10 7-4 7-10 7S2 12 2 12M12 15a3 3 0 1 0 0-6 3 3 0 0 0 0 6",
  hidden:
    "M4 4l16 16M9.9 5.2A10 10 0 0 1 12 5c6 0 10 7 10 7a17 17 0 0 1-3 3.7M6.3 6.6A17 17 0 0 0 2 12s4 7 10 7c1.700 0 3.200-.5 4.500-1.300",
  lock: "M6 11h12v9H6zM8.500 11V8a3.500 3.500 0 0 1 7 0v3",
  dice: "M4 4h16v16H4zM8.500 8.500h.01M15.500 8.500h.01M12 12h.01M8.500 15.500h.01M15.500 15.500h.01",
  vary: "M4 17c3 0 4-10 8-10s5 10 8 10M4 7c3 0 4 10 8 10",
  layers: "M12 3 3 8l9 5 9-5zM3 13l9 5 9-5",
  grip: "M9 6h.01M15 6h.01M9 12h.01M15 12h.01M9 18h.01M15 18h.01",
  again: "M20 11A8 8 0 0 0 5.600 7M4 4v4h4M4 13a8 8 0 0 0 14.400 4M20 20v-4h-4",
  left: "M15 5l-7 7 7 7",
  right: "M9 5l7 7-7 7",
  keys: "M3 6h18v12H3zM7 10h.01M11 10h.01M15 10h.01M17.500 14h.01M6.500 14h.01M10 14h4",
  close: "M6 6l12 12M18 6 6 18",
  story: "M4 4h16v16H4zM4 11h16M11 4v7M14 11v9",
  clock: "M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18M12 7v5l3.500 2",
  account: "M12 12a4 4 0 1 0 0-8 4 4 0 0 0 0 8M4 21a8 8 0 0 1 16 0",
  figure:
    "M12 6.500a2.500 2.500 0 1 0 0-5 2.500 2.500 0 0 0 0 5M12 8v7M5 9l7 1.500L19 9M12 15l-4 7M12 15l4 7",
  code: "M8 7l-5 5 5 5M16 7l5 5-5 5",
  spark: "M12 3l2 6.500L20.500 12 14 14.500 12 21l-2-6.500L3.500 12 10 9.500z",
  expand: "M9 4H4v5M15 4h5v5M9 20H4v-5M15 20h5v-5",
  book: "M12 6c-2-1.500-5-2-8-2v14c3 0 6 .5 8 2 2-1.500 5-2 8-2V4c-3 0-6 .5-8 2zM12 6v14",
};

/** A decoration: what it stands for is said beside it, or by its button's name. */
export const icon = (name) =>
  s(
    "svg.icon",
    { viewBox: "0 0 24 24", "aria-hidden": "true", focusable: "false" },
    s("path", { d: PATHS[name] }),
  );
