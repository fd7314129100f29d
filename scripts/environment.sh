# Sourced by the other scripts: makes a virtual environment once, and again only when what it holds changes.

cd "$(dirname "${BASH_SOURCE[0]}")/.."

# What .venv holds, for all scripts: it would be made anew where they differ.
EXTRAS=demo,docs,test

# environment FOLDER EXTRAS [CONSTRAINTS [PACKAGE...]]: FOLDER holds kqlext (editable) with EXTRAS and the packages.
environment() {
    local folder=$1 extras=$2 constraints=${3:-} packages=("${@:4}") wanted
    wanted=$(cat pyproject.toml package.json package-lock.json ${constraints:+"$constraints"} scripts/environment.sh | sha256sum; echo "$extras" "${packages[@]}")
    (
        # Two runs at once: the second waits until the first has made it.
        if command -v flock >/dev/null; then flock 9; fi
        if [ ! -f "$folder/.installed" ] || [ "$(cat "$folder/.installed")" != "$wanted" ]; then
            echo "making $folder" >&2
            python3 -c 'import sys; sys.exit(sys.version_info < (3, 11) and "kqlext needs Python 3.11 or newer")'
            [ -x "$folder/bin/python" ] || python3 -m venv "$folder"
            "$folder/bin/python" -m pip install --quiet --disable-pip-version-check \
                ${constraints:+--constraint "$constraints"} --editable ".${extras:+[$extras]}" "${packages[@]}"
            echo "$wanted" > "$folder/.installed"
        fi
    ) 9> "$folder.lock"
}
