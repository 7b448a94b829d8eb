"""Checks of the exercises in notebook 05."""

from .common import exercise  # noqa: F401
