#!/bin/sh
# root.sh ARCH FOLDER: a Debian of ARCH (armhf or arm64), with what a board's image brings.
# Packages are unpacked, not configured, which would take minutes under emulation.
set -eu
arch=$1 folder=$2
# The mirror of the host, or Debian's.
host=$(cat /etc/apt/sources.list /etc/apt/sources.list.d/debian.* 2>/dev/null |
  grep -oE 'https?://[^ ]+/debian/?( |$)' | head -n 1 || true)
mirror=${MIRROR:-${host:-http://deb.debian.org/debian}}
packages=base-files,bash,coreutils,dash,findutils,grep,libc-bin,sed
packages=$packages,g++,python3,python3-pip,python3-pytest,python3-hypothesis
packages=$packages,python3-click,python3-numpy,python3-soundfile,python3-tqdm

mkdir -p "$(dirname "$folder")"
rm -rf "$folder" "$folder.part"
mmdebstrap --quiet --variant=extract --architectures="$arch" --include="$packages" \
  --hook-dir=/usr/share/mmdebstrap/hooks/merged-usr bookworm "$folder.part" "$mirror"
for library in blas lapack; do  # as update-alternatives would
  at=$(echo "$folder.part"/usr/lib/*/$library/lib$library.so.3)
  ln -s "$library/lib$library.so.3" "${at%/*/*}/"
done
mv "$folder.part" "$folder"
"$(dirname "$0")/in.sh" "$folder" /sbin/ldconfig
