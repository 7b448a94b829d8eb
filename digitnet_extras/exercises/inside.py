"""Checks of the exercises in notebook 07."""

from .common import exercise  # noqa: F401
