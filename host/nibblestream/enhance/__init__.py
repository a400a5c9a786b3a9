"""Noisy audio in, enhanced audio out, on a backend: sessions, streams, `Enhancer`."""
