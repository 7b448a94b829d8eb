"""The figures of the notebooks. The look is digitnet.mplstyle, set on import.

What several notebooks draw stands in common.py, what one draws in the module of its topic; all are called by
`figures.name(...)`, take what is to be drawn and return a matplotlib figure for `figures.show(fig, alt)`.
"""

from .backpropagation import *  # noqa: F403
from .common import *  # noqa: F403
from .digits import *  # noqa: F403
from .evaluation import *  # noqa: F403
from .forward import *  # noqa: F403
from .frameworks import *  # noqa: F403
from .hand import *  # noqa: F403
from .inside import *  # noqa: F403
from .machines import *  # noqa: F403
from .reach import *  # noqa: F403
from .softmax import *  # noqa: F403
from .training import *  # noqa: F403
