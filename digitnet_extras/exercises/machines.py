"""Checks of the exercises in notebook 11."""

from .common import exercise  # noqa: F401
