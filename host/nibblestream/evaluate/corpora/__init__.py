"""Corpora of speech and noise as unpacked: which files belong to train, val and test."""

from .layout import SPLITS, files, layout
from .paired import paired

__all__ = ["SPLITS", "files", "layout", "paired"]
