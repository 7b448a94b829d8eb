"""Widgets of notebook 02."""

__all__ = []
