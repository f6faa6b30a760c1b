"""What is measured, on the real model, the real voice and real sound, and how to run it again.

    python -m benchmarks                            every part but the peers, about 20 minutes
    python -m benchmarks --peer PYTHON              RealtimeTTS, pysbd and stream2sentence beside it
    python -m benchmarks fresh chat                 some parts; --help lists them
    python -m benchmarks --soak 600                 a longer soak than 60 seconds
    python -m benchmarks --quick                    a little of every part: does it run?
    python -m benchmarks --json FILE                every raw value and the machine, beside the table
    python -m benchmarks --write                    the results stored, and put into docs/performance.md
    python -m benchmarks page                       docs/performance.md again, from what is stored
    python -m benchmarks.pictures                   the pictures of the chat, drawn by the application itself
    python -m benchmarks.screenshots                the pictures of the page, in Chromium on the real server

Run it from the repository's root, on a machine that does nothing else, with Debian's ``pulseaudio``,
``pulseaudio-utils`` and ``libasound2-plugins`` (``tests.rig.sound`` says what for) and the default model in
the cache (``speakstream models pull``). Nothing is heard: the loudspeaker is a private null sink, and what
would reach the ear is its monitor's recording. ``requirements-peers.txt`` makes the peers' environment. The
exit status is 1 if a figure was missed or a part failed, and 130 if it was interrupted; what was measured by
then is printed and kept.

The rooms: ``runner`` is the command, and starts ``one`` for each part, which is a module with a function ``run``:
``memory`` (with ``memory_steps``), ``startup``, ``pipeline``, ``text``, ``ring``, ``splitting``, ``fresh``, ``chat``,
``typeahead``, ``interface``, ``sentences``, ``rate``, ``soak``, ``serve`` (with ``serve_load``), ``browser`` and
``speech``.
``stage`` opens the sink, the recorder and the product; ``screen`` is a chat in a pseudo-terminal; ``keys`` says how a
person types; ``prompts``, ``spoken.toml`` and ``markdown`` are what is asked, read and parsed; ``silence`` finds
pauses and damage in recordings. ``peer`` and ``peer_env`` drive the peers, whose own programs are
``peer_realtimetts``, ``peer_splitters`` and ``pipeline_reply``. ``measure``, ``report``, ``results``, ``page`` and
``plots`` are statistics and the machine, the table, what is kept, and the page with its plots. The settings are the
product's defaults, but greedy (``TEMPERATURE=0``).
"""
