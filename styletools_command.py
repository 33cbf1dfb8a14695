"""The command `styletools`, outside the package, so that ^C ends it quietly while torch is being imported.

Importing any part of the package imports torch, which takes seconds. A ^C that arrives there would print a traceback,
or end in C++'s `terminate`. Until everything is there, ^C does what it does to any program: it ends it at once.
"""

import signal
import threading


def main() -> int:
    """Import the package and run the command line; the exit code.

    Example:
        >>> main.__module__
        'styletools_command'
    """
    try:
        waits = signal.getsignal(signal.SIGINT) is signal.default_int_handler  # not where a shell has it ignored
        waits = waits and threading.current_thread() is threading.main_thread()
        if waits:
            signal.signal(signal.SIGINT, signal.SIG_DFL)
        from styletools import cli  # noqa: PLC0415  # this is what takes long

        if waits:
            signal.signal(signal.SIGINT, signal.default_int_handler)
        return cli.main()
    except KeyboardInterrupt as interrupt:  # before or after what the command line itself guards
        return 128 + (interrupt.args[0] if interrupt.args else signal.SIGINT)
