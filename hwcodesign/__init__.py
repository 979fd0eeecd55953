"""hwcodesign: from a CNN idea to FPGA hardware that is proven bit for bit."""

__version__ = "0.1.0"
