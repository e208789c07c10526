"""A world that tries to break the programme: seeded, faulty, interleaved, and checked after every step.

The real handlers run in this process over a DynamoDB emulator with transactions and streams. Members, staff
and a payment provider send requests, streams and queues are delivered late, twice and out of order, the clock
jumps over midnights, month ends and years, and calls to AWS fail in every way that they can. What was
acknowledged is fed to an independent model of the rules, and the two must agree whenever the world is at
rest.
"""
