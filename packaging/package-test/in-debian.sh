#!/usr/bin/env bash
# In a Debian that has nothing yet: test-package.sh runs it there.
#   in-debian.sh install
#   in-debian.sh mount URL SIZE
set -euxo pipefail

case $1 in
  install)
    apt-get --quiet update
    apt-get --yes --quiet install --no-install-recommends /root/blobmount.deb
    blobmount --version
    test -L /usr/sbin/mount.blobmount
    test -x /sbin/mount.blobmount
    test -s /usr/share/doc/blobmount/copyright
    ;;
  mount)
    blobmount doctor "$2" --auth anonymous
    mkdir /tmp/mnt
    blobmount "$2" /tmp/mnt --auth anonymous
    [[ $(stat --format %s /tmp/mnt/file.bin) == "$3" ]]
    [[ $(wc --bytes </tmp/mnt/file.bin) == "$3" ]]
    umount /tmp/mnt
    rmdir /tmp/mnt
    ;;
esac
