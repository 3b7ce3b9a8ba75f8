// Files that people bring: pictures, drawings of skeletons, OpenPose JSON.

import { resize } from "../core/edits.js";
import { fromOpenPose } from "../core/openpose.js";
import { emptyPose } from "../core/skeleton.js";
import { Problem } from "../net/api.js";

const LONGEST_SIDE = 1024;

/**
 * The pose in a file, as {pose, url, problem}: `url` shows the picture where it is worth seeing
 * below the figures, `problem` tells why nobody was found in it.
 */
export async function readPicture(api, file) {
  if (file.type === "application/json" || file.name.endsWith(".json"))
    return { pose: await readJson(file) };
  const picture = await opened(file);
  const form = new FormData();
  form.append("image", file);
  try {
    const { pose } = await api.post("/v1/pose", form);
    const read = onCanvas(fromOpenPose(pose));
    return picture.isDrawing ? { pose: read } : { pose: read, url: picture.url };
  } catch (problem) {
    // Nobody is there to be seen, or nobody here can read photos: it still serves as a guide.
    if (problem.status !== 422 && problem.status !== 503) throw problem;
    const { width, height } = shrunk(picture.width, picture.height);
    return { pose: emptyPose(width, height), url: picture.url, problem };
  }
}

async function readJson(file) {
  try {
    return fromOpenPose(JSON.parse(await file.text()));
  } catch (error) {
    throw new Problem(422, `${file.name}: ${error.message}`);
  }
}

async function opened(file) {
  const url = URL.createObjectURL(file);
  const image = new Image();
  image.src = url;
  try {
    await image.decode();
  } catch {
    URL.revokeObjectURL(url);
    throw new Problem(422, `${file.name} is no picture that this browser can read`);
  }
  return { url, width: image.naturalWidth, height: image.naturalHeight, isDrawing: isDark(image) };
}

/** Whether a picture is nearly all black, as drawings of skeletons are. */
function isDark(image) {
  const side = 48;
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [side, side];
  const context = canvas.getContext("2d");
  context.drawImage(image, 0, 0, side, side);
  const { data } = context.getImageData(0, 0, side, side);
  let dark = 0;
  for (let at = 0; at < data.length; at += 4) {
    if (Math.max(data[at], data[at + 1], data[at + 2]) < 40) dark += 1;
  }
  return dark > 0.6 * side * side;
}

function shrunk(width, height) {
  const scale = Math.min(1, LONGEST_SIDE / Math.max(width, height));
  return { width: Math.round(width * scale), height: Math.round(height * scale) };
}

function onCanvas(pose) {
  const { width, height } = shrunk(pose.width, pose.height);
  return resize(pose, width, height);
}
