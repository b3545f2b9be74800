"""Runs a command and writes what it took, with all the processes that it started and waited for, to a JSON file.

    python test/bench/measured_process.py REPORT.json COMMAND ARGUMENT...

`wallSeconds` from start to end, `cpuSeconds` (user and system), `maxProcessBytes`: the largest resident set that any
one of the processes ever had. All as the kernel counts them (wait4). The exit code is the command's. Linux and macOS.
"""

import json
import os
import signal
import subprocess
import sys
import time

report, command = sys.argv[1], sys.argv[2:]
started = time.perf_counter()
process = subprocess.Popen(command)
signal.signal(signal.SIGTERM, lambda *_: process.terminate())
_, status, usage = os.wait4(process.pid, 0)
wall = time.perf_counter() - started

with open(report, "w") as file:
    json.dump(
        {
            "wallSeconds": wall,
            "cpuSeconds": usage.ru_utime + usage.ru_stime,
            "maxProcessBytes": usage.ru_maxrss * (1 if sys.platform == "darwin" else 1024),
        },
        file,
    )
exit_code = os.waitstatus_to_exitcode(status)
sys.exit(exit_code if exit_code >= 0 else 128 - exit_code)
