"""The writing page: on loopback only, for the person at this machine only."""

from miniature_memory.serve.app import create_app, serve

__all__ = ["create_app", "serve"]
