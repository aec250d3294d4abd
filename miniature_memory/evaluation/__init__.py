"""How good a model is: the same characters scored under every memory condition, and stories judged."""
