"""A prompt and a pose give a picture: Stable Diffusion 3 with a pose control net."""
