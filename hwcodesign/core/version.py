"""The package's version, which every run folder and every message about another one names."""

__version__ = "0.1.0"
