// How a job stands, in words and as a bar, with the means to stop it.

import { count } from "../core/words.js";
import { h } from "./dom.js";
import { announce, problemCard } from "./notes.js";

/** Follows one job; whoever shows it listens to the job for the pictures. */
export class JobProgress extends HTMLElement {
  connectedCallback() {
    if (this.firstChild) return;
    this.words = h("p.words", { role: "status" });
    this.bar = h("progress", { max: 1, "aria-label": "Progress" });
    this.stop = h("button.quiet", { type: "button" }, "Cancel");
    this.line = h(
      "div.progress",
      { hidden: true },
      h("div.row.spread", {}, this.words, this.stop),
      this.bar,
    );
    this.trouble = h("div");
    this.append(this.line, this.trouble);
  }

  follow(job, { retry } = {}) {
    this.trouble.replaceChildren();
    this.line.hidden = false;
    this.bar.removeAttribute("value");
    this.line.dataset.state = "";
    this.stop.onclick = () => job.cancel().catch((problem) => this.fail(problem, retry));
    job.addEventListener("news", ({ detail }) => this.#hear(detail, retry));
  }

  fail(problem, retry) {
    this.line.hidden = true;
    const again =
      retry &&
      h(
        "button",
        {
          type: "button",
          on: {
            click: () => {
              this.clear();
              retry();
            },
          },
        },
        "Try again",
      );
    this.trouble.replaceChildren(problemCard(problem, ...(again ? [again] : [])));
  }

  clear() {
    this.line.hidden = true;
    this.trouble.replaceChildren();
  }

  #hear({ name, ...told }, retry) {
    switch (name) {
      case "submitting":
        this.#say("Sending");
        break;
      case "waiting":
        this.#say(waitingFor(told.problem));
        break;
      case "accepted":
        this.#say("Waiting for its turn");
        break;
      case "queued":
        this.#say(
          told.position > 0 ? `${count(told.position, "request")} before this one` : "Next in line",
        );
        break;
      case "started":
        this.#say("Beginning");
        break;
      case "progress":
        this.bar.max = told.total;
        this.bar.value = told.step;
        this.#say(
          `Step ${told.step} of ${told.total}`,
          told.step === 1 || told.step === told.total,
        );
        break;
      case "lost":
        this.line.dataset.state = "lost";
        this.#say("Connection lost. The drawing goes on without this page; looking for it", true);
        break;
      case "regained":
        this.line.dataset.state = "";
        this.#say("Connected again", true);
        break;
      case "completed":
        this.clear();
        announce("Finished");
        break;
      case "cancelled":
        this.clear();
        announce("Cancelled; nothing was charged");
        break;
      case "failed":
        this.fail(told.problem, retry);
        break;
      default:
    }
  }

  #say(text, aloud = false) {
    this.words.textContent = text;
    this.words.setAttribute("aria-live", aloud ? "polite" : "off");
  }
}

function waitingFor(problem) {
  if (problem.status === 0) return "The server cannot be reached; trying again";
  if (/load/.test(problem.message)) return "The model is waking up; this begins by itself";
  return "The waiting line is full; trying again";
}

customElements.define("job-progress", JobProgress);
