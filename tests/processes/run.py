#!/usr/bin/env python3
"""Runs a program and expects it to log steps in exactly N worker processes: run.py N program arguments..."""

import re
import subprocess
import sys

wanted, command = int(sys.argv[1]), sys.argv[2:]
done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
processes = set(re.findall(r" runs in worker process (\d+)$", done.stdout, re.MULTILINE))
if done.returncode != 0 or len(processes) != wanted:
    sys.exit(f"{done.stdout}\nexit status {done.returncode}; {len(processes)} worker processes are in the log, not {wanted}")
