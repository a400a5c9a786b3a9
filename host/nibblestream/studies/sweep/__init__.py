"""The search for each layer's scheme: codes in bytes against STOI (extra: sweep)."""
