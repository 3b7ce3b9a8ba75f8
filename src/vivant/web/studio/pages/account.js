// Account: what is left, where it went, and the keys.

import { ago, credits } from "../core/words.js";
import { h, kept, unique } from "../ui/dom.js";
import { icon } from "../ui/icons.js";
import { ask, note, problemCard } from "../ui/notes.js";

const KINDS = {
  topup: "Added",
  hold: "A drawing",
  settle: "Given back, it cost less",
  release: "Given back",
};

const quoted = (word) => (/^[\w.@-]+$/.test(word) ? word : `"${word}"`);

export class AccountPage extends HTMLElement {
  constructor(app) {
    super();
    this.app = app;
  }

  connectedCallback() {
    if (this.body) return;
    this.body = h("div.desk");
    this.append(h("header.head", {}, h("h1", {}, "Account")), this.body);
  }

  async show() {
    try {
      const [me, models, keys, book] = await Promise.all(
        ["/session", "/v1/models", "/v1/keys", "/v1/movements?limit=30"].map((path) =>
          this.app.api.get(path),
        ),
      );
      const moved = book.movements.filter(({ amount }) => amount !== 0);
      this.body.replaceChildren(
        h("div.stack", {}, this.#balance(me), this.#keys(me, keys.keys)),
        h("div.stack", {}, this.#prices(models.models), this.#book(moved), this.#looks()),
      );
    } catch (problem) {
      this.body.replaceChildren(
        problemCard(
          problem,
          h("button", { type: "button", on: { click: () => this.show() } }, "Try again"),
        ),
      );
    }
  }

  #balance(me) {
    return h(
      "section.tile.balance",
      { "aria-label": "Balance" },
      h("p.big", {}, credits(me.credits)),
      h("p", {}, `credits of the account “${me.account}”`),
      h(
        "p.help",
        {},
        "Credits are set aside when a drawing begins, and kept only when it is finished. More of them: ",
        h("code", {}, `vivant keys topup ${quoted(me.account)} 10`),
      ),
    );
  }

  #prices(models) {
    return h(
      "section.tile",
      { "aria-label": "Prices" },
      h("h2", {}, "What it costs"),
      h(
        "ul.plain",
        {},
        models.map(({ slug, summary, price, warm }) =>
          h(
            "li",
            {},
            h("div", {}, h("strong", {}, slug), h("p.help", {}, summary)),
            h(
              "div.right",
              {},
              h("span.amount", {}, `${credits(price)}`),
              h("span.state", { data: { warm: String(warm) } }, warm ? "ready" : "waking up"),
            ),
          ),
        ),
      ),
      h(
        "p.help",
        {},
        "For the default settings; more pixels, steps and pictures cost in proportion, and the price stands on the button before you draw.",
      ),
    );
  }

  #keys(me, keys) {
    const id = unique("label");
    const label = h("input", { id, maxLength: 200, placeholder: "What is it for?" });
    const fresh = h("div");
    const make = async (event) => {
      event.preventDefault();
      try {
        const made = await this.app.api.post("/v1/keys", { label: label.value });
        await this.show();
        this.querySelector(".fresh").replaceChildren(
          h(
            "div.secret",
            { role: "status" },
            h("strong", {}, "Your new key. It is shown this once:"),
            h("code", { tabindex: "0" }, made.secret),
          ),
        );
      } catch (problem) {
        fresh.replaceChildren(problemCard(problem));
      }
    };
    const revoke = async (key) => {
      if (!(await ask("Revoke this key?", `Whatever uses ${key.id} is let in no more.`, "Revoke")))
        return;
      await this.app.api
        .remove(`/v1/keys/${key.id}`)
        .catch((problem) => note(problem.message, "bad"));
      this.show();
    };
    const rows = keys
      .filter(({ revoked_at: revoked }) => !revoked)
      .map((key) =>
        h(
          "li",
          {},
          h(
            "div",
            {},
            h("code", {}, `${key.id}…`),
            h(
              "p.help",
              {},
              [
                key.label,
                `made ${ago(key.created_at)}`,
                key.is_yours ? "lets this browser in" : null,
              ]
                .filter(Boolean)
                .join("  ·  "),
            ),
          ),
          me.owner && !key.is_yours
            ? h(
                "button.quiet.small",
                { type: "button", on: { click: () => revoke(key) } },
                "Revoke",
              )
            : "",
        ),
      );
    return h(
      "section.tile",
      { "aria-label": "Keys" },
      h("h2", {}, "Keys"),
      h(
        "p.help",
        {},
        "Programs use a key in the header x-api-key. Only how it begins is kept here.",
      ),
      h("ul.plain", {}, rows),
      h("div.fresh", {}, fresh),
      me.owner
        ? h(
            "form.row",
            { on: { submit: make } },
            h("label.hidden", { for: id }, "Label of a new key"),
            label,
            h("button", { type: "submit" }, icon("add"), "Make a key"),
          )
        : h(
            "p.help",
            {},
            "Keys are made by whoever runs the server: ",
            h("code", {}, `vivant keys create ${quoted(me.account)}`),
          ),
    );
  }

  #book(movements) {
    return h(
      "section.tile",
      { "aria-label": "Usage" },
      h("h2", {}, "Where credits went"),
      movements.length
        ? h(
            "div.scroll",
            { tabindex: "0", role: "group", "aria-label": "Movements of credits" },
            h(
              "table",
              {},
              h(
                "thead",
                {},
                h(
                  "tr",
                  {},
                  ["When", "What", "Credits", "Balance"].map((name) =>
                    h("th", { scope: "col" }, name),
                  ),
                ),
              ),
              h(
                "tbody",
                {},
                movements.map((each) =>
                  h(
                    "tr",
                    {},
                    h("td", {}, ago(each.created_at)),
                    h("td", {}, each.note || KINDS[each.kind]),
                    h(
                      "td.amount",
                      {},
                      `${each.amount > 0 ? "+" : "−"}${credits(Math.abs(each.amount))}`,
                    ),
                    h("td.amount", {}, credits(each.balance)),
                  ),
                ),
              ),
            ),
          )
        : h("p", {}, "Nothing yet."),
    );
  }

  #looks() {
    const choices = [
      ["auto", "As the system"],
      ["light", "Light"],
      ["dark", "Dark"],
    ];
    const group = h(
      "div.row.chips",
      { role: "group", "aria-label": "Appearance" },
      choices.map(([name, text]) =>
        h(
          "button.chip",
          {
            type: "button",
            "aria-pressed": String(this.app.theme === name),
            on: {
              click: () => {
                this.app.theme = name;
                this.show();
              },
            },
          },
          text,
        ),
      ),
    );
    return h(
      "section.tile",
      { "aria-label": "This browser" },
      h("h2", {}, "This browser"),
      group,
      h("button.quiet", { type: "button", on: { click: () => this.#leave() } }, "Leave the studio"),
    );
  }

  // Whoever comes to this browser next finds nothing of what was made here.
  async #leave() {
    try {
      await this.app.api.leave();
      kept.forget();
    } catch (problem) {
      note(problem.message, "bad");
    }
  }
}

customElements.define("account-page", AccountPage);
