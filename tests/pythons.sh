#!/bin/sh
# pythons.sh: the tests of plain.txt on the oldest Python with the oldest packages, and on the
# newest Pythons with the newest packages. Interpreters are those of PATH and of ~/.pyenv.
set -eu
cd "$(dirname "$0")/.."

find_python() {
  for python in "python$1" "$HOME/.pyenv/versions/$1".*/bin/python; do
    if "$python" -c "import sys; sys.exit('%d.%d' % sys.version_info[:2] != '$1')" 2>/dev/null
    then
      echo "$python"
      return
    fi
  done
}

try() {  # VERSION NAME PIP-OPTIONS...
  version=$1 venv=.venv/py-$2
  shift 2
  python=$(find_python "$version")
  if [ -z "$python" ]; then
    echo "Python $version: not at hand, not tested"
    return
  fi
  [ -x "$venv/bin/python" ] || "$python" -m venv "$venv" || { rm -rf "$venv"; exit 1; }
  "$venv/bin/python" -m pip install --quiet --disable-pip-version-check --upgrade "$@" \
    --editable . 'pytest>=7.4' 'hypothesis>=6.80' filelock
  "$venv/bin/python" -c 'import platform, numpy, soundfile
print("Python", platform.python_version(), "NumPy", numpy.__version__,
      "soundfile", soundfile.__version__, flush=True)'
  "$venv/bin/python" -m pytest -q -p no:cacheprovider $(grep -v '^#' tests/plain.txt)
}

try 3.10 oldest -c tests/oldest.txt
try 3.12 3.12
try 3.13 3.13
