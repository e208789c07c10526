"""Our pricing beside that of open engines, with the same offers in the same run.

``python -m benchmarks.engines``. What is priced is plain data (``cases``). Each engine has an adapter that
runs among the engine's own packages, in a process of its own, and answers line by line (``answering``,
``vendure.cjs``).
"""
