"""Predictions: rows of numbers through a network by itself, from arrays and from files."""
