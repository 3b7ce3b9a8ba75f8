// The public API, with this browser's session in place of a key.

const TOKEN = "vivant.token";

/** What the server refused, or that it could not be reached (status 0). */
export class Problem extends Error {
  constructor(status, message, retryAfter = null) {
    super(message);
    this.status = status;
    this.retryAfter = retryAfter;
  }
}

/** Tells, as "signed-out", that the session is over. */
export class Api extends EventTarget {
  get isSignedIn() {
    return localStorage.getItem(TOKEN) !== null;
  }

  async enter(fields) {
    const { token } = await this.post("/session", fields);
    localStorage.setItem(TOKEN, token);
  }

  async leave() {
    await this.remove("/session");
    localStorage.removeItem(TOKEN);
    this.dispatchEvent(new Event("signed-out"));
  }

  get(path) {
    return this.#json("GET", path);
  }

  post(path, body, options = {}) {
    return this.#json("POST", path, { ...options, body });
  }

  remove(path) {
    return this.#json("DELETE", path);
  }

  /** A file that the server makes of a JSON body. */
  async file(path, body) {
    return (await this.send("POST", path, { body })).blob();
  }

  async send(method, path, { body, headers = {}, signal } = {}) {
    const form = body instanceof FormData;
    const sent = { ...headers };
    const token = localStorage.getItem(TOKEN);
    if (token) sent["x-studio-token"] = token;
    if (body !== undefined && !form) sent["content-type"] = "application/json";
    let response;
    try {
      response = await fetch(path, {
        method,
        headers: sent,
        body: body === undefined ? undefined : form ? body : JSON.stringify(body),
        credentials: "same-origin",
        cache: "no-store",
        signal,
      });
    } catch (error) {
      if (error.name === "AbortError") throw error;
      throw new Problem(0, "the server cannot be reached");
    }
    if (response.ok) return response;
    throw await this.#problem(response);
  }

  async #json(method, path, options) {
    return (await this.send(method, path, options)).json();
  }

  async #problem(response) {
    const told = await response.json().catch(() => ({}));
    if (response.status === 401 && localStorage.getItem(TOKEN)) {
      localStorage.removeItem(TOKEN);
      this.dispatchEvent(new Event("signed-out"));
    }
    const after = Number(response.headers.get("retry-after"));
    const problem = new Problem(response.status, told.error ?? response.statusText, after || null);
    problem.told = told;
    return problem;
  }
}

/** A link of the server's as this page reaches it, whatever name the server goes by. */
export function here(url) {
  const { pathname, search } = new URL(url, location.href);
  return pathname + search;
}
