"""Checks of the exercises in notebook 03."""

from .common import exercise  # noqa: F401
