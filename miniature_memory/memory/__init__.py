"""What a story remembers after its text has left the window: names, summaries, match features.

Python and numpy only, so that training, the C runtime's Python side and the fallback share one definition.
"""
