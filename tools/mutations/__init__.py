"""The mutation check: does anything notice when one safeguard of the code is taken out?

``sites`` finds the safeguards in the code as it is, ``running`` takes them out one at a time in a copy of the
tree and runs simulator and tests there, ``report`` writes down which caught what.
"""
