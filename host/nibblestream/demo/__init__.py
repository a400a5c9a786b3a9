"""Demonstration: enhance and plot the bundled noisy recording or a user's own."""
