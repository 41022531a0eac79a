# shellcheck shell=bash
# Makes guest-root.img and guest.qcow2: [MBR | FAT: syslinux, kernel, initramfs | ext4: root].

mib=1048576
boot_mib=$(( ($(stat -c %s "$vmlinuz") + $(stat -c %s "$made/guest-initrd")) / mib + 2 ))
root_mib=$(( $(du -sm "$root" | cut -f1) + 24 )) # room for a first boot on a disk that is no larger
disk=$work/disk.raw

mke2fs -qF -t ext4 -L guest-root -m 1 -J size=4 -E root_owner=0:0,lazy_itable_init=1,nodiscard -d "$root" "$made/guest-root.img" "${root_mib}M" > /dev/null

fat=$work/boot.fat
truncate -s "${boot_mib}M" "$fat"
# -H: the partition's first sector, which the boot sector must know; heads and sectors as the MBR's code assumes.
MTOOLS_SKIP_CHECK=1 mformat -i "$fat" -v GUESTBOOT -h 64 -s 32 -t "$boot_mib" -H 2048 ::
printf 'DEFAULT guest\nPROMPT 0\nTIMEOUT 0\nLABEL guest\n  KERNEL vmlinuz\n  INITRD initrd\n  APPEND %s\n' "$cmdline" > "$work/syslinux.cfg"
mcopy -i "$fat" "$vmlinuz" ::vmlinuz
mcopy -i "$fat" "$made/guest-initrd" ::initrd
mcopy -i "$fat" "$work/syslinux.cfg" ::syslinux.cfg
"$debs/usr/bin/syslinux" --install "$fat"

truncate -s $(( (1 + boot_mib + root_mib) * mib )) "$disk"
sfdisk -q "$disk" << TABLE
label: dos
label-id: 0x4e657068
start=2048, size=$((boot_mib * 2048)), type=c, bootable
start=$(( (1 + boot_mib) * 2048 )), size=$((root_mib * 2048)), type=83
TABLE
dd if="$debs/usr/lib/syslinux/mbr/mbr.bin" of="$disk" bs=440 count=1 conv=notrunc status=none
dd if="$fat" of="$disk" bs=1M seek=1 conv=notrunc,sparse status=none
dd if="$made/guest-root.img" of="$disk" bs=1M seek=$((1 + boot_mib)) conv=notrunc,sparse status=none
qemu-img convert -c -O qcow2 "$disk" "$made/guest.qcow2"
