"""Places where jobs can run: one file each, and a registry by name. They know the core, and nothing above it."""
