"""Checks of the exercises in notebook 09."""

from .common import exercise  # noqa: F401
