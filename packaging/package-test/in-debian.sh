#!/usr/bin/env bash
# In a Debian that has nothing yet: test-package.sh runs it there.
#   in-debian.sh install
#   in-debian.sh mount URL SIZE
set -euxo pipefail

# serves SIZE: /mnt is a mount of blobmount's, and all of the blob is there.
serves() {
  [[ $(findmnt --noheadings --output FSTYPE --mountpoint /mnt) == fuse.blobmount ]]
  [[ $(stat --format %s /mnt/file.bin) == "$1" ]]
  [[ $(wc --bytes </mnt/file.bin) == "$1" ]]
}

# refused STATUS COMMAND...
refused() {
  local status=0
  "${@:2}" || status=$?
  [[ $status == "$1" ]]
}

case $1 in
  install)
    apt-get --quiet update
    apt-get --yes --quiet install --no-install-recommends /root/blobmount.deb
    blobmount --version
    test -L /usr/sbin/mount.blobmount
    test -x /sbin/mount.blobmount
    test -s /usr/share/doc/blobmount/copyright
    grep --quiet fuse.blobmount /lib/systemd/system/plocate-updatedb.service.d/blobmount.conf
    ;;
  mount)
    blobmount doctor "$2" --auth anonymous
    blobmount "$2" /mnt --auth anonymous
    serves "$3"
    blobmount list
    umount /mnt

    # as mount(8) has it made
    mount -t blobmount "$2" /mnt -o auth=anonymous,noexec
    serves "$3"
    umount /mnt
    refused 1 mount -t blobmount "$2" /mnt -o auth=anonymous,cach-size=1GiB
    refused 32 mount -t blobmount "$2-absent" /mnt -o auth=anonymous

    # and by a line of fstab
    printf '%s /mnt blobmount _netdev,nofail,x-systemd.automount,auth=anonymous 0 0\n' "$2" >>/etc/fstab
    mount /mnt
    mount -a # it is there already
    serves "$3"
    umount /mnt
    sed -i '/ blobmount /d' /etc/fstab
    ;;
esac
