"""The local cloud: an AWS emulator on loopback with memberday deployed to it, and a clock that can be moved.

Run as ``python -m local``; never deployed.
"""
