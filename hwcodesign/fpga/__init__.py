"""Chips and boards."""
