// The same request in four languages. All of them are run by the tests.

export const LANGUAGES = [
  { name: "curl", label: "curl" },
  { name: "python", label: "Python" },
  { name: "javascript", label: "JavaScript" },
  { name: "client", label: "Client" },
];

const WIDTH = 96;

/** Code that makes a request: `call` is {base, slug, fields, file}; the key is in $VIVANT_KEY. */
export const sampleOf = (language, call) => WRITERS[language](call);

const WRITERS = {
  curl: ({ base, slug, fields, file }) => `\
curl --fail-with-body ${base}/v1/${slug} \\
  -H "x-api-key: $VIVANT_KEY" \\
  -H "content-type: application/json" \\
  -o ${file} --data-binary @- <<'JSON'
${literal(fields, JSON_WORDS)}
JSON
`,
  python: ({ base, slug, fields, file }) => `\
import os

import requests

data = ${literal(fields, PYTHON_WORDS)}

response = requests.post(
    "${base}/v1/${slug}",
    json=data,
    headers={"x-api-key": os.environ["VIVANT_KEY"]},
    timeout=600,
)
if not response.ok:
    raise SystemExit(response.json()["error"])
with open("${file}", "wb") as file:
    file.write(response.content)
print("seed:", response.headers["x-seed-value"])
`,
  javascript: ({ base, slug, fields, file }) => `\
import { writeFile } from "node:fs/promises";

const data = ${literal(fields, JSON_WORDS)};

const response = await fetch("${base}/v1/${slug}", {
  method: "POST",
  headers: { "x-api-key": process.env.VIVANT_KEY, "content-type": "application/json" },
  body: JSON.stringify(data),
});
if (!response.ok) throw new Error((await response.json()).error);
await writeFile("${file}", Buffer.from(await response.arrayBuffer()));
console.log("seed:", response.headers.get("x-seed-value"));
`,
  client: ({ base, slug, fields, file }) => `\
import os

from segmind import SegmindClient

data = ${literal(fields, PYTHON_WORDS)}

client = SegmindClient(os.environ["VIVANT_KEY"], base_url="${base}/v1", timeout=600)
response = client.run_sync("${slug}", **data)
with open("${file}", "wb") as file:
    file.write(response.content)
print("seed:", response.headers["x-seed-value"])
`,
};

const JSON_WORDS = { true: "true", false: "false", null: "null", indent: "  " };
const PYTHON_WORDS = { true: "True", false: "False", null: "None", indent: "    " };

/** A value as a literal: objects a line each entry, lists of numbers as many as fit on a line. */
export function literal(value, words, depth = 0) {
  if (value === null || value === undefined) return words.null;
  if (typeof value === "boolean") return words[value];
  if (typeof value === "number") return String(value);
  // A JSON string is one in Python and JavaScript, too.
  if (typeof value === "string") return JSON.stringify(value);
  const inner = words.indent.repeat(depth + 1);
  const outer = words.indent.repeat(depth);
  if (Array.isArray(value)) {
    if (value.every((each) => typeof each === "number")) return numbers(value, inner, outer);
    const items = value.map((each) => `${inner}${literal(each, words, depth + 1)}`);
    return items.length ? `[\n${items.join(",\n")}\n${outer}]` : "[]";
  }
  const entries = Object.entries(value).map(
    ([name, each]) => `${inner}${JSON.stringify(name)}: ${literal(each, words, depth + 1)}`,
  );
  return entries.length ? `{\n${entries.join(",\n")}\n${outer}}` : "{}";
}

function numbers(values, inner, outer) {
  const line = `[${values.join(", ")}]`;
  if (outer.length + line.length <= WIDTH / 2) return line;
  const lines = [];
  for (const value of values) {
    const last = lines.length - 1;
    if (last >= 0 && inner.length + lines[last].length + String(value).length + 3 <= WIDTH) {
      lines[last] += `, ${value}`;
    } else lines.push(String(value));
  }
  return `[\n${lines.map((each) => inner + each).join(",\n")}\n${outer}]`;
}
