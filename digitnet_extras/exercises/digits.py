"""Checks of the exercises in notebook 01."""

from .common import exercise  # noqa: F401
