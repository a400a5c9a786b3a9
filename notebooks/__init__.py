"""The notebooks, installed as `nibblestream.notebooks`: `pynq get-notebooks` finds them here."""
