// Numbers, moments and problems, as people say them.

export function credits(amount) {
  if (amount >= 1000) return Math.round(amount).toLocaleString("en");
  const digits = amount >= 10 ? 2 : 3;
  return amount
    .toFixed(digits)
    .replace(/(\.\d*?)0+$/, "$1")
    .replace(/\.$/, "");
}

export function seconds(value) {
  if (value < 1) return `${Math.max(value, 0.1).toFixed(1)} s`;
  if (value < 60) return `${value.toFixed(value < 10 ? 1 : 0)} s`;
  return `${Math.floor(value / 60)} min ${Math.round(value % 60)} s`;
}

export const count = (number, one, many = `${one}s`) => `${number} ${number === 1 ? one : many}`;

/** A moment, as far away as it is: "just now", "5 minutes ago", else the day. */
export function ago(iso, now = new Date()) {
  const minutes = Math.floor((now - new Date(iso)) / 60000);
  if (minutes < 1) return "just now";
  if (minutes < 60) return `${count(minutes, "minute")} ago`;
  if (minutes < 24 * 60) return `${count(Math.floor(minutes / 60), "hour")} ago`;
  return new Date(iso).toLocaleDateString("en", {
    day: "numeric",
    month: "short",
    year: "numeric",
  });
}

/** A problem as {title, text, hint}: what happened, in whose hands it is, and what helps. */
export function friendly({ status, message }) {
  const text = sentence(message);
  switch (status) {
    case 0:
      return {
        title: "The server cannot be reached",
        text: "It was stopped, or the connection is gone. Nothing of yours is lost.",
        hint: "This page tries again by itself.",
      };
    case 401:
      return { title: "This browser is not let in", text, hint: "" };
    case 406:
      return {
        title: "Not enough credits",
        text,
        hint: "Whoever runs the server adds some: vivant keys topup ACCOUNT AMOUNT",
      };
    case 409:
      return { title: "That was stopped", text, hint: "" };
    case 410:
      return { title: "No longer kept", text, hint: "" };
    case 413:
      return { title: "That file is too large", text, hint: "" };
    case 422:
      return { title: "This cannot be drawn as it is", text, hint: "" };
    case 429:
      return { title: "A little slower, please", text, hint: "" };
    case 503:
      return { title: "Not ready yet", text, hint: "Nothing was charged." };
    case 504:
      return { title: "That took too long", text, hint: "Nothing was charged." };
    default:
      return { title: "Something went wrong", text, hint: "" };
  }
}

/** A message of the service as a sentence of its own begins. */
export const sentence = (message) => {
  const trimmed = (message ?? "").trim();
  return trimmed ? trimmed[0].toUpperCase() + trimmed.slice(1) : "";
};
