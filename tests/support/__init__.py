"""What tests share: tables, events, emulators, faults."""
