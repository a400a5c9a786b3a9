#!/bin/sh
# in.sh ROOT COMMAND...: run a command in a root of another architecture, by qemu and binfmt_misc.
# The repository is /src, read-only, recordings are beside it in /shared, and /tmp is empty.
set -eu
root=$1
shift
repository=$(cd "$(dirname "$0")/../.." && pwd)
exec bwrap --unshare-all --die-with-parent --bind "$root" / --dev /dev --proc /proc --tmpfs /tmp \
  --ro-bind "$repository" /src --ro-bind-try "$repository/../shared" /shared --chdir /src \
  --clearenv --setenv PATH /usr/local/bin:/usr/bin:/bin --setenv HOME /tmp \
  --setenv LC_ALL C.UTF-8 --setenv PYTHONDONTWRITEBYTECODE 1 "$@"
