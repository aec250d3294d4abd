"""miniature-memory: grows a story dataset from the web and trains a very small GPT that remembers."""

__version__ = "0.1.0"
