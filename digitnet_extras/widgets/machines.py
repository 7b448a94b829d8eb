"""Widgets of notebook 11."""

__all__ = []
