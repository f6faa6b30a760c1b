"""What is measured, on the real model, the real voice and real sound, and how to run it again.

    python -m benchmarks.turns                      everything but the peer, about 25 minutes
    python -m benchmarks.turns --peer PYTHON        RealtimeTTS beside it, 20 minutes more
    python -m benchmarks.turns --only fresh,chat    some parts; --help lists them
    python -m benchmarks.turns --soak 60            a soak of another length than 600 seconds
    python -m benchmarks.turns --quick              every part, a few turns each: does it run? (3 minutes)
    python -m benchmarks.turns --json FILE          every raw value and the machine, beside the table

Run it from the repository's root, on a machine that does nothing else, with Debian's ``pulseaudio``,
``pulseaudio-utils`` and ``libasound2-plugins`` (``tests.rig.sound`` says what for) and the default model in
the cache (``speakstream models pull``). Nothing is heard: the loudspeaker is a private null sink, and what
would reach the ear is its monitor's recording. The peer's environment is described in
``benchmarks/peer_realtimetts.py``.

The rooms: ``turns`` is the command. ``fresh``, ``chat``, ``sentences``, ``rate``, ``soak``, ``startup`` and
``peer`` measure one thing each; ``stage`` opens the sink, the recorder and the product; ``prompts`` is what is
asked and read; ``silence`` finds pauses in recordings; ``measure`` and ``report`` are statistics, the machine
and the table. The settings are the product's defaults, but greedy (``TEMPERATURE=0``).
"""
