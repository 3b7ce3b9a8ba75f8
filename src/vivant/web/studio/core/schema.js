// From an endpoint's JSON Schema to controls, and from their values to a request.

const LABELS = {
  prompt: "Prompt",
  negative_prompt: "Leave out",
  num_inference_steps: "Steps",
  num_steps: "Steps",
  guidance_scale: "Guidance",
  samples: "Pictures",
  strength: "Follow the pose",
  sd_model: "Model",
  num_ids: "Identity panels",
  character_description: "Character",
  comic_description: "Script",
  image_width: "Panel width",
  image_height: "Panel height",
  sa32_setting: "Likeness, coarse",
  sa64_setting: "Likeness, fine",
  style_name: "Style",
  comic_style: "Page layout",
  style_strength_ratio: "Text before face",
  output_format: "File format",
  output_quality: "File quality",
};

// Names that the service spells in its own way, as people read them.
const CHOICES = {
  "Disney Charactor": "Storybook animation",
  "Pixar/Disney Character": "Soft 3D animation",
  "Four Pannel": "Four panels a page",
  "Classic Comic Style": "Classic comic",
  "(No style)": "No style",
  "Digital/Oil Painting": "Oil painting",
  "Black and White Film Noir": "Film noir",
};

const FEW = 6;
const LARGEST_EXACT = 2 ** 53 - 1;

/** One control for each field: what it is, its limits, its default and its help. */
export function controlsOf(schema) {
  return Object.entries(schema.properties).map(([name, field]) => controlOf(name, field, schema));
}

function controlOf(name, field, schema) {
  const kinds = (field.anyOf ?? [field]).map((each) => resolved(each, schema));
  const main = kinds.find((each) => each.type !== "null");
  return {
    name,
    label: LABELS[name] ?? humanised(name),
    help: field.description ?? "",
    default: field.default ?? null,
    optional: kinds.some((each) => each.type === "null"),
    ...shapeOf(name, main),
  };
}

function resolved(field, schema) {
  if (!field.$ref) return field;
  return { ...schema.$defs[field.$ref.split("/").pop()], ...field };
}

function shapeOf(name, main) {
  if (main.enum) {
    const options = main.enum.map((value) => ({ value, label: CHOICES[value] ?? String(value) }));
    return { kind: "choice", options };
  }
  if (main.type === "boolean") return { kind: "switch" };
  if (main.type === "integer" || main.type === "number") {
    const max = Math.min(main.maximum ?? LARGEST_EXACT, LARGEST_EXACT);
    const min = main.minimum ?? 0;
    const whole = main.type === "integer";
    const step = main.multipleOf ?? (whole ? 1 : max - min <= 1 ? 0.05 : 0.1);
    // A slider of a million places cannot be set by hand, and one of a few is better as buttons.
    const kind =
      max - min > 4000 ? "number" : whole && (max - min) / step < FEW ? "steps" : "slider";
    return { kind, min, max, step, whole };
  }
  return { kind: (main.maxLength ?? 0) > 200 ? "text" : "line", longest: main.maxLength ?? null };
}

const humanised = (name) => {
  const words = name.replaceAll("_", " ");
  return words[0].toUpperCase() + words.slice(1);
};

export const labelOf = (name) => LABELS[name] ?? humanised(name);

export const defaultsOf = (controls) =>
  Object.fromEntries(controls.map((control) => [control.name, control.default]));

/** A value as a field takes it: within its limits, on its steps; null where it is left open. */
export function fitted(control, value) {
  if (value === "" || value === null || value === undefined) return null;
  if (control.min === undefined) return value;
  const number = Number(value);
  if (!Number.isFinite(number)) return control.default;
  const within = Math.min(Math.max(number, control.min), control.max);
  const stepped = control.min + Math.round((within - control.min) / control.step) * control.step;
  const onStep = control.whole || control.step >= 1 ? stepped : within;
  return control.whole ? Math.round(onStep) : Math.round(onStep * 1000) / 1000;
}

/** The request that a form's values make: what is left open is left out. */
export function requestOf(controls, values) {
  const known = new Map(controls.map((control) => [control.name, control]));
  return Object.fromEntries(
    Object.entries(values)
      .filter(([name, value]) => known.has(name) && value !== null && value !== undefined)
      .map(([name, value]) => [
        name,
        name === "seed" && value === -1 ? -1 : fitted(known.get(name), value),
      ])
      .filter(([, value]) => value !== null),
  );
}
