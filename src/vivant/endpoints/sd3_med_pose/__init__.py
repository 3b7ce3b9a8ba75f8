"""A prompt and a pose make a picture: Stable Diffusion 3 with a pose control net."""
