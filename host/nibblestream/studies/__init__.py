"""Studies that a command runs from end to end: `bench`, `compare`, `reproduce`, `sweep`."""
