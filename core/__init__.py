"""Segscope's core: load, prepare, train, segment and score, without a browser."""

__version__ = "0.1.0"
