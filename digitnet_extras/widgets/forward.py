"""Widgets of notebook 03."""

__all__ = []
