"""The overlays, installed as `nibblestream.overlays`, where `pynq` looks for bitstreams."""
