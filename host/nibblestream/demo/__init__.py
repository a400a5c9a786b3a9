"""The demonstration: a bundled noisy recording, or one of the user's own, enhanced and drawn."""
