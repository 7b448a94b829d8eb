"""Checks of the exercises: `exercises.check("2.1", answer)` says whether an answer is right, and what is wrong."""

from . import backpropagation, digits, evaluation, forward, frameworks, hand, inside, machines, reach, softmax, training  # noqa: F401  each enters its checks
from .common import check, verdict  # noqa: F401
