"""Checks of the exercises in notebook 06."""

from .common import exercise  # noqa: F401
