"""A year of the programme, lived against the deployed stack by a fixed script; never deployed.

``script`` says what happens, ``theatre`` reaches the cloud, ``player`` does one thing after the other,
``teller`` shows it in the terminal, ``checks`` say whether the books are right, ``page`` writes it down.
"""
