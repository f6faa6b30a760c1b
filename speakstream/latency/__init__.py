"""``speakstream latency``: real turns, drawn from Enter to the first sound, and on to the last.

``stages`` reads a turn's metrics, ``spread`` compares many of them; ``chart`` draws for a terminal and ``svg`` for a
file. All four are pure: only ``run`` opens a model, a voice and a device.
"""
