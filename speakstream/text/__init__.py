"""Text that can be spoken: pure functions and small state machines, no I/O and no threads.

Everything here works on spans of the reply's original text, in Unicode code points.
"""
