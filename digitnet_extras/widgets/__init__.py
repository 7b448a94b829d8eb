"""What answers to a click in the notebooks: `widgets.name(...)` in one line. Each topic has its module."""

from .backpropagation import *  # noqa: F403
from .common import *  # noqa: F403
from .digits import *  # noqa: F403
from .evaluation import *  # noqa: F403
from .forward import *  # noqa: F403
from .frameworks import *  # noqa: F403
from .hand import *  # noqa: F403
from .inside import *  # noqa: F403
from .machines import *  # noqa: F403
from .pad import *  # noqa: F403
from .reach import *  # noqa: F403
from .softmax import *  # noqa: F403
from .training import *  # noqa: F403
