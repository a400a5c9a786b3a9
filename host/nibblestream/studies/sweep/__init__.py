"""Search for each layer's scheme: bytes of codes against STOI (extra: sweep)."""
