"""What the world can show, the words for it, and its colours (sRGB, 0-255)."""

from __future__ import annotations

from typing import TypeAlias

Colour: TypeAlias = tuple[int, int, int]

INK: Colour = (44, 30, 50)

GARMENT_COLOURS: dict[str, Colour] = {
    "black": (52, 50, 62),
    "white": (244, 243, 238),
    "grey": (146, 150, 158),
    "red": (212, 52, 56),
    "blue": (52, 104, 204),
    "green": (62, 150, 84),
    "yellow": (246, 202, 62),
    "orange": (240, 134, 48),
    "purple": (136, 80, 176),
    "pink": (244, 146, 178),
    "brown": (138, 94, 62),
}

HAIR_COLOURS: dict[str, Colour] = {
    "black": (48, 42, 54),
    "brown": (124, 78, 48),
    "blond": (244, 206, 104),
    "red": (206, 88, 44),
    "white": (228, 228, 232),
}

SKIN_TONES: dict[str, Colour] = {
    "pale": (255, 226, 204),
    "light": (246, 202, 168),
    "tan": (214, 158, 114),
    "dark": (138, 90, 62),
}

WHO: dict[str, tuple[str, ...]] = {
    "man": ("man", "man", "man", "guy", "gentleman"),
    "woman": ("woman", "woman", "woman", "lady"),
    "boy": ("boy", "boy", "young boy"),
    "girl": ("girl", "girl", "young girl"),
    "old man": ("old man", "old man", "grandfather", "elderly man"),
    "old woman": ("old woman", "old woman", "grandmother", "elderly woman"),
}

GARMENTS: dict[str, tuple[str, ...]] = {
    "suit": ("suit", "suit", "business suit", "suit and tie"),
    "dress": ("dress", "dress", "gown"),
    "shirt": ("shirt", "shirt", "button shirt"),
    "t-shirt": ("t-shirt", "tee shirt", "t-shirt"),
    "jacket": ("jacket", "jacket", "open jacket"),
    "coat": ("coat", "long coat", "trench coat"),
    "sweater": ("sweater", "striped sweater", "pullover"),
}

BOTTOMS: dict[str, tuple[str, ...]] = {
    "trousers": ("trousers", "pants", "jeans"),
    "skirt": ("skirt",),
    "shorts": ("shorts",),
}

HAIR_STYLES: dict[str, tuple[str, ...]] = {
    "short": ("short hair",),
    "long": ("long hair",),
    "ponytail": ("a ponytail", "a pony tail"),
    "bob": ("a bob haircut", "bob hair"),
    "bun": ("a hair bun", "a bun"),
    "curly": ("curly hair",),
}

HAIR_BY_WHO: dict[str, tuple[str, ...]] = {
    "man": ("short", "short", "short", "curly"),
    "woman": ("long", "long", "bob", "bun", "ponytail", "curly"),
    "boy": ("short", "short", "curly"),
    "girl": ("long", "ponytail", "ponytail", "bob"),
    "old man": ("short",),
    "old woman": ("bun", "bob", "short"),
}

EXPRESSIONS: dict[str, tuple[str, ...]] = {
    "smiling": ("smiling", "happy", "with a smile"),
    "laughing": ("laughing", "overjoyed", "laughing happily"),
    "frightened": ("frightened, open mouth", "very frightened, open mouth", "scared", "shocked"),
    "sad": ("sad", "unhappy"),
    "angry": ("angry", "furious"),
    "calm": ("calm", "serious", "with a neutral face"),
}

PLACES: dict[str, tuple[str, ...]] = {
    "home": ("at home", "in a living room", "in the living room", "in a room", "indoors"),
    "road": ("on the road", "on the road, near the forest", "by the road", "on a country road"),
    "forest": ("in the forest", "in the woods", "in a forest", "among trees"),
    "beach": ("at the beach", "by the sea", "on the beach", "at the seaside"),
    "city": ("in the city", "in a city street", "downtown", "among tall buildings"),
    "mountains": ("in the mountains", "in front of mountains", "near the mountains"),
    "park": ("in the park", "in a park", "on a meadow", "in a garden"),
    "treasure": (
        "in the house filled with treasure",
        "in a treasure room",
        "in a room full of gold",
        "surrounded by treasure",
    ),
    "snow": ("in the snow", "in a snowy field", "in winter"),
    "plain": ("on a plain background", "in a studio", "plain background"),
}

TIMES: dict[str, tuple[str, ...]] = {
    "day": ("by day", "on a sunny day", "in the morning", "in daylight", "under a blue sky"),
    "sunset": ("at sunset", "in the evening", "at dusk", "under an orange sky"),
    "night": (
        "at night",
        "at night",
        "under the moon",
        "a moon in the sky",
        "a moon in sky",
        "on a moonlit night",
    ),
}

RAIN: tuple[str, ...] = (
    "in the rain",
    "heavy rain",
    "rainy weather",
    "it is raining",
    "a big rain approaching",
    "in the background we see a big rain approaching",
)

PROPS: dict[str, tuple[str, ...]] = {
    "car": ("a car", "a red car"),
    "house": ("a house", "a small house"),
    "tree": ("a tree", "a big tree"),
    "tiger": ("a tiger",),
    "cat": ("a cat",),
    "dog": ("a dog",),
    "chest": ("a treasure chest", "a chest of gold"),
}

STYLE_WORDS: tuple[str, ...] = (
    "anime style illustration of",
    "illustration of",
    "cartoon of",
    "a picture of",
    "a photo of",
    "comic art of",
    "a drawing of",
    "digital art of",
)

SIDES: dict[str, tuple[str, ...]] = {
    "left": ("on the left", "on the left side"),
    "right": ("on the right", "on the right side"),
    "centre": ("in the middle", "in the centre"),
}

NEGATIVES: tuple[str, ...] = (
    "low quality,less details",
    "low quality, less details",
    "low quality",
    "bad anatomy, bad hands, missing fingers, extra fingers",
    "blurry, ugly, deformed",
    "worst quality, low resolution, watermark",
)
