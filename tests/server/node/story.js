// The story page's own code, with the address and the key handed in.
const axios = require("axios");
const FormData = require("form-data");

const [url, api_key] = process.argv.slice(2);

const reqBody = {
  "seed": 42,
  "num_ids": 3,
  "sd_model": "Unstable",
  "num_steps": 25,
  "image_width": 768,
  "image_height": 768,
  "sa32_setting": 0.5,
  "sa64_setting": 0.5,
  "output_format": "webp",
  "guidance_scale": 5,
  "output_quality": 80,
  "negative_prompt": "bad anatomy, bad hands, missing fingers, extra fingers, three hands, three legs, bad arms, missing legs, missing arms, poorly drawn face, bad face, fused face, cloned face, three crus, fused feet, fused thigh, extra crus, ugly fingers, horn, cartoon, cg, 3d, unreal, animate, amputation, disconnected limbs",
  "character_description": "a man, wearing black suit",
  "comic_description": "at home, read new paper #at home, The newspaper says there is a treasure house in the forest.\non the road, near the forest\n[NC] The car on the road, near the forest #He drives to the forest in search of treasure.\n[NC]A tiger appeared in the forest, at night \nvery frightened, open mouth, in the forest, at night\nrunning very fast, in the forest, at night\n[NC] A house in the forest, at night #Suddenly, he discovers the treasure house!\nin the house filled with treasure, laughing, at night #He is overjoyed inside the house.",
  "style_strength_ratio": 20,
  "style_name": "Disney Charactor",
  "comic_style": "Classic Comic Style"
};

(async function() {
  try {
    const formData = new FormData();
    for (const key in reqBody) {
      if (reqBody.hasOwnProperty(key)) {
        formData.append(key, reqBody[key]);
      }
    }
    const response = await axios.post(url, formData, {
      headers: { 'x-api-key': api_key, ...formData.getHeaders() }
    });
    console.log(response.data);
  } catch (error) {
    console.error('Error:', error.response ? error.response.data : error.message);
  }
})();
