"""Fixtures that every room's tests share."""

import signal

# A job in the background is started with Ctrl-C ignored, and hands that on to the programs that the tests interrupt.
signal.signal(signal.SIGINT, signal.default_int_handler)

pytest_plugins = ["tests.rig.fixtures", "tests.models_fixture"]
