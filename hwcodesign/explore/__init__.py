"""Searches a design space: which network, bits and board give the best accuracy, frame rate and memory together.

A study (study.py) is one TOML file. Every point of it is first planned, exactly and in milliseconds (cost.py); only
what fits is trained, in rungs of growing length (engine.py), and the front of what is left is shown and picked from.
"""
