"""The tests: pure units, stores on an emulator, handlers, the template, and the deployed stack."""
