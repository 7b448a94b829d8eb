"""Checks of the exercises in notebook 10."""

from .common import exercise  # noqa: F401
