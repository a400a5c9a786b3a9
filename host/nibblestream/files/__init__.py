"""Output files: atomic writes, folders of results, digests of content."""
