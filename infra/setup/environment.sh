#!/usr/bin/env bash
# Makes .venv what requirements.txt says, with .venv/bin/postroom running this checkout.
# The stamp holds what it was made from, so an unchanged checkout costs a few milliseconds.
set -euo pipefail
cd "$(dirname "$0")/../.."

venv=.venv
stamp=$venv/.made-from
python=${PYTHON:-python3}

made_from() {
    pwd
    "$venv/bin/python" --version
    sha256sum requirements.txt pyproject.toml infra/setup/uv.txt infra/setup/environment.sh
}

if [ -x "$venv/bin/postroom" ] && [ -f "$stamp" ] && [ "$(made_from)" = "$(cat "$stamp")" ]; then
    exit 0
fi

"$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || {
    echo "$python is $("$python" --version 2>&1): Postroom needs Python 3.11 or later. Name one: make setup PYTHON=/path/to/python3" >&2
    exit 1
}

echo "Making $venv (some 180 Python packages, checked against their hashes)"
rm -f "$stamp"
# A folder that was moved or half made keeps wrong paths in its scripts: start afresh.
if ! "$venv/bin/python" -m pip --version >/dev/null 2>&1 || ! grep -q " $PWD/$venv\$" "$venv/pyvenv.cfg"; then
    "$python" -m venv --clear "$venv"
fi
"$venv/bin/python" -m pip install --quiet --disable-pip-version-check --require-hashes --requirement infra/setup/uv.txt
export VIRTUAL_ENV=$PWD/$venv
# The machine's certificates, as apt and pip use them: a mirror may have an authority of its own.
export UV_SYSTEM_CERTS=true
# Compiled here, on every core: where Python may not write what it compiles (PYTHONDONTWRITEBYTECODE, a read-only
# image), each of the many processes would compile its imports anew, eight seconds at every start.
"$venv/bin/uv" pip sync --quiet --require-hashes --compile-bytecode requirements.txt
"$venv/bin/uv" pip install --quiet --no-deps --no-build-isolation --editable .
made_from >"$stamp"
