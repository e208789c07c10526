"""The examples of the API's document: a small shop's days, played on a local cloud and written down.

The story says what is asked (:mod:`tools.examples.story`). ``python -m tools.examples`` plays it and writes
what was answered to ``docs/examples.json``, from which :mod:`tools.openapi` takes it. A test plays it again.
"""
