#!/bin/sh
# Write constraints.txt: the newest versions that pyproject.toml allows, as pip resolves them today.
#
# Run by `make lock`, which then runs the whole test suite with them; commit the file when that passed.
set -eu

cd "$(dirname "$0")/.."
python=${PYTHON:-.venv/bin/python}
fresh=$(mktemp -d)
trap 'rm -rf "$fresh"' EXIT

"$python" -m venv "$fresh/venv"
"$fresh/venv/bin/python" -m pip install --disable-pip-version-check --no-input -qq -e '.[dev]'
{
    echo "# Exact versions of a tested environment, written by 'make lock'; not to be edited."
    echo "# Applied by scripts/setup.sh only under the Python they were resolved for:"
    "$python" -c 'import sys; print("# python %d.%d" % sys.version_info[:2])'
    "$fresh/venv/bin/python" -m pip freeze --disable-pip-version-check --exclude-editable | grep -E '^[A-Za-z0-9._-]+==[^ ]+$'
} >"$fresh/constraints.txt"
mv "$fresh/constraints.txt" constraints.txt
echo "lock      $(grep -c == constraints.txt) versions in constraints.txt"
