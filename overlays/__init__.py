"""The overlays, installed as `nibblestream.overlays`: `pynq` looks for bitstreams here."""
