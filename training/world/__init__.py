"""The procedural world: pictures, skeletons, captions and labels from one seed.

Everything that varies is named in the caption or drawn in the skeleton, so that a small network
can learn the whole of it.
"""
