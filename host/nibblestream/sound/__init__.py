"""Audio files, pipes and sound devices."""
