"""report.html: a run as one page that opens from a file, is readable on a phone, and can be printed.

A section is one module of `sections/`; a new one is found by itself.
"""
