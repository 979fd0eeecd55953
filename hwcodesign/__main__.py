"""`python -m hwcodesign` is the same as `hwcodesign`."""

from hwcodesign.cli import main

main()
