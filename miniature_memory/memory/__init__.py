"""What a story remembers after its text has left the window: names, summaries, match features.

Python and numpy only, so that training, the C runtime's Python side and the fallback share one definition.
What writing needs (``window``, ``condense``, ``bonus``) does without numpy as well.
"""

from __future__ import annotations

from typing import Final

#: how many buckets each of the three match features has (``match`` defines them)
BUCKETS: Final = (8, 16, 16)
