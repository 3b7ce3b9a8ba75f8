// A figure whose joints are all in different places.

import { fromOpenPose } from "../../src/vivant/web/studio/core/openpose.js";

export const flat = Array.from({ length: 18 }, (_, joint) => [
  100 + 10 * joint,
  200 + 5 * joint,
  1,
]).flat();

export const data = {
  people: [{ pose_keypoints_2d: flat }],
  canvas_width: 640,
  canvas_height: 480,
};

export const pose = fromOpenPose(data);

export const at = (changed, joint) => changed.people[0].body[joint];
