"""Corpora of speech and noise as they are unpacked: which files belong to train, val and test."""

from .layout import SPLITS, files, layout
from .paired import paired

__all__ = ["SPLITS", "files", "layout", "paired"]
