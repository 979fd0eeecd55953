"""The emitted RTL in a simulator."""
