"""Exploration of hardware for a network: which geometries of the kernels a board can have."""
