"""Figures of notebook 01."""

__all__ = []
