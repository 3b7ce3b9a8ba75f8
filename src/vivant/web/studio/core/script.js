// The brief's script language: one panel a line, [NC] for no character, # before a caption.
//
// A panel is {prompt, caption, character}; a caption of null means that the prompt is the caption,
// an empty one that there is none.

export const MOST_PANELS = 24;

const NO_CHARACTER = /\[\s*nc\s*\]/gi;

export function parseScript(text) {
  return text
    .split(/\r\n|\r|\n/)
    .filter((line) => line.trim())
    .map(parseLine);
}

function parseLine(line) {
  const at = line.indexOf("#");
  const [told, caption] = at < 0 ? [line, null] : [line.slice(0, at), line.slice(at + 1)];
  return {
    prompt: tidy(told.replace(NO_CHARACTER, " ")),
    caption: caption === null ? null : tidy(caption.replace(NO_CHARACTER, " ")),
    character: !new RegExp(NO_CHARACTER.source, "i").test(line),
  };
}

export function printScript(panels) {
  return panels.map(printPanel).join("\n");
}

function printPanel({ prompt, caption, character }) {
  // A hash inside the prompt would start the caption: its full-width twin does not.
  const told = tidy(prompt.replace(NO_CHARACTER, " ").replaceAll("#", "\uff03"));
  const words = caption === null ? null : tidy(caption.replace(NO_CHARACTER, " "));
  return [character ? "" : "[NC] ", told, words === null ? "" : ` #${words}`].join("");
}

const tidy = (text) => text.split(/\s+/).filter(Boolean).join(" ");

/** What stands beside the picture. */
export const captionOf = ({ prompt, caption }) => caption ?? prompt;

/** What is wrong with a panel, in words; null if nothing is. */
export const troubleOf = ({ prompt }) => (tidy(prompt) ? null : "Say what this panel shows");

export const newPanel = () => ({ prompt: "", caption: null, character: true });

export function moved(list, from, to) {
  const rest = list.filter((_, place) => place !== from);
  const at = Math.min(Math.max(to, 0), rest.length);
  return [...rest.slice(0, at), list[from], ...rest.slice(at)];
}
