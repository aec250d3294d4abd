"""A trained model in the forms that other programs read."""

from miniature_memory.export.formats import FORMATS, export_model

__all__ = ["FORMATS", "export_model"]
