"""Know a network before it is trained: what it costs, what a change to it costs, whether it is FPGA-friendly.

The metrics, equations and tables are those of F. Iandola, Exploring the Design Space of Deep Convolutional Neural
Networks at Large Scale, UC Berkeley, 2016 (arXiv 1612.06519), "the dissertation" in this package.
"""
