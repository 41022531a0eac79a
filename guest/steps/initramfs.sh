# shellcheck shell=bash
# Makes guest-initrd, and puts the kernel and its command line beside it.

initramfs=$work/initramfs
mkdir -p "$initramfs"/{bin,dev,proc,sys,root}
cp "$debs/usr/bin/busybox" "$initramfs/bin/"
# Links for all: the shell finds its applets without them only once /proc is there.
for applet in $("$debs/usr/bin/busybox" --list); do [ "$applet" = busybox ] || ln -s busybox "$initramfs/bin/$applet"; done
cp --preserve=mode "$here/initramfs/init" "$initramfs/"
add_modules initramfs "$initramfs"

# lz4 in the old frame format is what the kernel reads; it unpacks many times faster than xz where there is no KVM.
(cd "$initramfs" && find . | sort | cpio -o -H newc -R 0:0 --quiet) | lz4 -q -l -9 -c > "$made/guest-initrd"
cp "$vmlinuz" "$made/guest-vmlinuz"

# Quick rather than safe: no address randomization, no mitigations, no slow RCU; a panic reboots. eth0 keeps its old name.
cmdline='console=tty0 console=ttyS0,115200 quiet loglevel=4 net.ifnames=0 panic=10 nokaslr mitigations=off audit=0'
cmdline+=' random.trust_cpu=on rcupdate.rcu_expedited=1'
printf '%s\n' "$cmdline" > "$made/guest-cmdline"
