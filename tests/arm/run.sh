#!/bin/sh
# run.sh ARCH: test the library in a Debian of ARCH (armhf or arm64), emulated by qemu.
# Needs .venv; keeps the root in build/arm/ARCH.
set -eu
cd "$(dirname "$0")/../.."
arch=$1 root=build/arm/$1 here=tests/arm
case $arch in armhf) cpu=arm ;; arm64) cpu=aarch64 ;; *) echo "no such root: $arch" >&2; exit 2 ;; esac

missing=
for tool in mmdebstrap bwrap "qemu-$cpu-static"; do
  command -v "$tool" >/dev/null || missing="$missing $tool"
done
[ -e "/proc/sys/fs/binfmt_misc/qemu-$cpu" ] || missing="$missing binfmt_misc/qemu-$cpu"
if [ "$missing" ]; then
  echo "ARM cannot be emulated here, there is no:$missing" >&2
  echo "  apt-get install mmdebstrap bubblewrap qemu-user-static binfmt-support" >&2
  exit 1
fi

[ -d "$root" ] || $here/root.sh "$arch" "$root"
echo "$arch: install the wheel, without a network or a compiler"
source=build/arm/source wheels=build/arm/wheels
rm -rf $source $wheels "$root"/usr/local/lib/python3*/dist-packages/nibblestream*
mkdir -p $source $wheels
cp -r host hls notebooks overlays pyproject.toml setup.py README.md LICENSE MANIFEST.in $source
.venv/bin/python -m pip wheel --quiet --no-deps --no-build-isolation --wheel-dir $wheels $source
$here/in.sh "$root" python3 -m pip install --quiet --no-index --break-system-packages \
  --root-user-action=ignore $wheels/*.whl

echo "$arch: peak memory, under qemu (its own is counted too)"
$here/in.sh "$root" python3 $here/memory.py

echo "$arch: emu and csim against this machine"
.venv/bin/python $here/digests.py emu csim >build/arm/here.txt
$here/in.sh "$root" python3 $here/digests.py emu csim >build/arm/$arch.txt
diff build/arm/here.txt build/arm/$arch.txt
echo "$(wc -l <build/arm/here.txt) digests are equal"

echo "$arch: tests"
$here/in.sh "$root" env PYTHONPATH=$here python3 -m pytest -q -p no:cacheprovider -p slow_machine \
  $(grep -v "^#" $here/tests.txt)
