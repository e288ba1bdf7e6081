#!/usr/bin/env bash
# Mounts, with the privilege that this takes, and hands the mount over to a blobmount that has none: what talks to the
# network is nobody's, and cannot mount. It stays to take the mount away at the end.
#   hand-over.sh SOURCE MOUNTPOINT [OPTION...]      options of blobmount
# BLOBMOUNT_USER: the number of its user and group (65532). Ends with blobmount's status.
set -euo pipefail

(($# >= 2)) || {
  printf 'hand-over: it is hand-over.sh SOURCE MOUNTPOINT [OPTION...].\n' >&2
  exit 2
}
readonly source=$1 point=$2 user=${BLOBMOUNT_USER-65532}
shift 2

# the kernel's table is asked, not the mount, which may be dead
is_ours() { findmnt --noheadings --types fuse.blobmount --mountpoint "$point" >/dev/null; }
take_away() { ! is_ours || umount --lazy "$point"; }

take_away # one that a container before this left dead
exec 9<>/dev/fuse
mount --internal-only --types fuse.blobmount --options \
  "ro,nosuid,nodev,fd=9,rootmode=40000,user_id=$user,group_id=$user,default_permissions,allow_other" "${source##*://}" "$point"
trap take_away EXIT

setpriv --reuid="$user" --regid="$user" --clear-groups --inh-caps=-all --bounding-set=-all --no-new-privs \
  blobmount "$source" /dev/fd/9 --foreground "$@" &
readonly daemon=$!
exec 9>&- # with this end open, the mount would seem alive after the daemon's
trap 'kill -TERM "$daemon" 2>/dev/null || true' TERM INT HUP

# a signal ends a wait, not the daemon; bash keeps its status for the last one
while kill -0 "$daemon" 2>/dev/null; do wait "$daemon" || true; done
status=0
wait "$daemon" || status=$?
exit "$status"
