"""Figures of notebook 11."""

__all__ = []
