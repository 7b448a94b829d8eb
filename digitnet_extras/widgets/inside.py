"""Widgets of notebook 07."""

__all__ = []
