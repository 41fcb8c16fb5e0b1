#!/bin/sh
# Print the first Python on PATH that is 3.11 or newer; the versions this program is tried on come first.
set -u
for name in python3.11 python3.12 python3.13 python3.14 python3 python; do
    # a name may be a version manager's shim that runs nothing, so each is asked
    if "$name" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1; then
        command -v "$name"
        exit 0
    fi
done
found=$(python3 --version 2>/dev/null) || found="no python3"
echo "Segscope needs Python 3.11 or newer and found $found on PATH: install one, then run make again." >&2
exit 1
