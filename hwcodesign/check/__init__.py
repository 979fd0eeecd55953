"""Does a network fit a board?"""
