"""Damaged and hostile inputs of every kind, thousands of each: `python -m benchmarks.fuzz`."""
