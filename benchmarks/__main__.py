"""``python -m benchmarks``."""

import signal
import sys

from benchmarks.runner import main

signal.signal(signal.SIGTERM, signal.default_int_handler)  # so that what was measured is kept
sys.exit(main())
