"""Studies, each run by one command: `bench`, `compare`, `reproduce`, `sweep`."""
