#!/usr/bin/env bash
# Makes one environment for each peer that the benchmarks compare kqlext with, and runs the benchmarks.
#
#   benchmarks/peers.sh [rounds]
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/../scripts/environment.sh"
environment .venv "$EXTRAS"

# peer NAME PACKAGES...: an environment of its own, made once.
peer() {
    local folder=.venv-peers/$1
    shift
    [ -f "$folder/.installed" ] && return
    python3 -m venv "$folder"
    "$folder/bin/python" -m pip install --quiet --disable-pip-version-check "$@"
    touch "$folder/.installed"
}

peer ipython ipython ipykernel
peer ipython-sql ipython-sql ipykernel
# Without these pins Kqlmagic's tables and charts crash; nbformat is a dependency that it does not declare.
peer kqlmagic "Kqlmagic==0.1.114.post26" "prettytable==3.11.0" "matplotlib<3.9" nbformat ipykernel setuptools
exec .venv/bin/python benchmarks/startup.py "${1:-7}"
