"""Speech enhancement of recordings and live audio on a backend: `Enhancer`, streams, sessions."""
