"""Widgets of notebook 10."""

__all__ = []
