"""Checks of the exercises in notebook 04."""

from .common import exercise  # noqa: F401
