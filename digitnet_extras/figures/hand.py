"""Figures of notebook 08."""

__all__ = []
