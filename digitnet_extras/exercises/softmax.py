"""Checks of the exercises in notebook 02."""

from .common import exercise  # noqa: F401
