// Elements without markup in strings: what a server or a person wrote stays text.

const SVG = "http://www.w3.org/2000/svg";

/** An element: `h("button.primary", { type: "button", on: { click } }, "Draw")`. */
export const h = (name, properties = {}, ...children) =>
  made((tag) => document.createElement(tag), name, properties, children);

/** The same for SVG. */
export const s = (name, properties = {}, ...children) =>
  made((tag) => document.createElementNS(SVG, tag), name, properties, children);

function made(create, name, properties, children) {
  const [tag, ...classes] = name.split(".");
  const element = create(tag);
  if (classes.length) element.setAttribute("class", classes.join(" "));
  set(element, properties);
  element.append(
    ...children.flat().filter((child) => child !== null && child !== undefined && child !== false),
  );
  return element;
}

/** Set properties, attributes, `on` listeners and `data` of an element. */
export function set(element, properties) {
  for (const [name, value] of Object.entries(properties)) {
    if (name === "on") {
      for (const [event, listener] of Object.entries(value))
        element.addEventListener(event, listener);
    } else if (name === "data") Object.assign(element.dataset, value);
    else if (name in element && !(element instanceof SVGElement) && typeof value !== "string") {
      element[name] = value;
    } else if (value === true) element.setAttribute(name, "");
    else if (value === false || value === null || value === undefined)
      element.removeAttribute(name);
    else if (name === "value") element.value = value;
    else element.setAttribute(name, value);
  }
  return element;
}

/** Repaint a part of the page, and give the focus back to what has the same name as before. */
export function keepingFocus(part, repaint) {
  const focused = part.contains(document.activeElement) ? document.activeElement : null;
  const name = focused?.getAttribute("aria-label");
  repaint();
  if (name && !focused.isConnected)
    part.querySelector(`[aria-label="${CSS.escape(name)}"]`)?.focus({ preventScroll: true });
}

let last = 0;
export const unique = (prefix) => `${prefix}-${(last += 1)}`;

/** Wait until nothing was asked for so many milliseconds. */
export function settled(milliseconds, action) {
  let timer = null;
  return (...given) => {
    clearTimeout(timer);
    timer = setTimeout(() => action(...given), milliseconds);
  };
}

/** Hand a file to the person. */
export function download(href, name) {
  const link = h("a", { href, download: name });
  document.body.append(link);
  link.click();
  link.remove();
}

export function downloadBlob(blob, name) {
  const url = URL.createObjectURL(blob);
  download(url, name);
  setTimeout(() => URL.revokeObjectURL(url), 10000);
}

/** Something that is remembered in this browser; what cannot be read is as if never kept. */
export const kept = {
  read(name, otherwise) {
    try {
      return JSON.parse(localStorage.getItem(`vivant.${name}`)) ?? otherwise;
    } catch {
      return otherwise;
    }
  },
  write(name, value) {
    try {
      localStorage.setItem(`vivant.${name}`, JSON.stringify(value));
    } catch {
      // A full or forbidden store costs the draft after a reload, and nothing now.
    }
  },

  /** Forget all that was kept, but not how the studio looks. */
  forget() {
    const theme = this.read("theme", "auto");
    for (const name of Object.keys(localStorage))
      if (name.startsWith("vivant.")) localStorage.removeItem(name);
    this.write("theme", theme);
  },
};
