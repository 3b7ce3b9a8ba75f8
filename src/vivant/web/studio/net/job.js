// A request from its submission to its end, through lost connections and reloads.

import { EventParser } from "../core/events.js";
import { Problem } from "./api.js";

const FIRST_PAUSE = 1000;
const LONGEST_PAUSE = 8000;

/**
 * One request. It tells what happens as events whose `detail` holds the particulars:
 * submitting, waiting (for a model), queued, started, progress, picture, lost, regained, and at
 * last completed, failed or cancelled.
 */
export class Job extends EventTarget {
  #api;
  #stop = new AbortController();
  #over = false;

  constructor(api, { id = null, slug, fields = null, note = null }) {
    super();
    this.#api = api;
    Object.assign(this, { id, slug, fields, note });
  }

  get isOver() {
    return this.#over;
  }

  /** Submit it unless that was done, and follow it to its end. */
  async run() {
    try {
      if (this.id === null) await this.#submit();
      await this.#follow();
    } catch (error) {
      if (error.name === "AbortError") this.#end("cancelled", {});
      else this.#end("failed", { problem: asProblem(error) });
    }
  }

  /** Give it up: nothing is charged. */
  async cancel() {
    if (this.id === null) {
      this.#stop.abort();
      return;
    }
    try {
      await this.#api.remove(`/v2/requests/${this.id}`);
      this.#end("cancelled", {});
      this.#stop.abort();
    } catch (error) {
      if (error.status !== 409) throw error; // it ended at this very moment, and tells so itself
    }
  }

  async #submit() {
    const headers = { "idempotency-key": randomName() };
    for (;;) {
      this.#tell("submitting", {});
      try {
        const options = { headers, signal: this.#stop.signal };
        this.id = (await this.#api.post(`/v2/${this.slug}`, this.fields, options)).request_id;
        this.#tell("accepted", { id: this.id });
        return;
      } catch (error) {
        if (error.status !== 503 && error.status !== 0) throw error;
        // Nothing was begun, or the key makes sure that nothing begins twice.
        this.#tell("waiting", { problem: error });
        await this.#pause(1000 * (error.retryAfter ?? 3));
      }
    }
  }

  async #follow() {
    let pause = FIRST_PAUSE;
    let lost = false;
    while (!this.#over) {
      try {
        await this.#listen(() => {
          if (lost) this.#tell("regained", {});
          [lost, pause] = [false, FIRST_PAUSE];
        });
        if (!this.#over) throw new Problem(0, "the connection was closed");
      } catch (error) {
        if (this.#over) return;
        if (error.name === "AbortError" || (error.status && error.status !== 503)) throw error;
        if (!lost) this.#tell("lost", {});
        lost = true;
        await this.#pause(pause);
        pause = Math.min(2 * pause, LONGEST_PAUSE);
      }
    }
  }

  async #listen(heard) {
    const path = `/v2/requests/${this.id}/events`;
    const response = await this.#api.send("GET", path, { signal: this.#stop.signal });
    const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
    const parser = new EventParser();
    try {
      for (;;) {
        const { done, value } = await reader.read();
        if (done) return;
        heard();
        for (const event of parser.push(value)) this.#hear(event);
      }
    } catch (error) {
      throw error.name === "AbortError" ? error : new Problem(0, "the connection broke");
    }
  }

  #hear({ name, data }) {
    if (name === "completed") this.#end("completed", { result: data });
    else if (name === "failed") {
      const cancelled = /cancelled/.test(data.error ?? "");
      this.#end(cancelled ? "cancelled" : "failed", { problem: new Problem(422, data.error) });
    } else if (name === "status") this.#tell("started", data);
    else this.#tell(name, data);
  }

  #end(name, detail) {
    if (this.#over) return;
    this.#over = true;
    this.#tell(name, detail);
    this.#tell("over", detail);
  }

  #tell(name, detail) {
    this.dispatchEvent(new CustomEvent(name, { detail }));
    this.dispatchEvent(new CustomEvent("news", { detail: { name, ...detail } }));
  }

  #pause(milliseconds) {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(resolve, milliseconds);
      this.#stop.signal.addEventListener(
        "abort",
        () => {
          clearTimeout(timer);
          reject(new DOMException("given up", "AbortError"));
        },
        { once: true },
      );
    });
  }
}

const asProblem = (error) => (error instanceof Problem ? error : new Problem(500, error.message));

function randomName() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** Jobs under way by name, kept across reloads. */
export class Underway {
  static #key(name) {
    return `vivant.job.${name}`;
  }

  static remember(name, { id, slug, note }) {
    localStorage.setItem(this.#key(name), JSON.stringify({ id, slug, note }));
  }

  static forget(name) {
    localStorage.removeItem(this.#key(name));
  }

  static recall(name) {
    return JSON.parse(localStorage.getItem(this.#key(name)) ?? "null");
  }
}
