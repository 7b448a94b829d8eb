"""Figures of notebook 09."""

__all__ = []
