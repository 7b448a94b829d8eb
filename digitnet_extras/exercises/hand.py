"""Checks of the exercises in notebook 08."""

from .common import exercise  # noqa: F401
