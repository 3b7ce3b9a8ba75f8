"""Vivant: pictures of people in the pose you ask for, and comics whose people stay the same.

Importing this package is cheap: torch and the networks are loaded at the first picture.
"""

from __future__ import annotations

__version__ = "0.1.0"
