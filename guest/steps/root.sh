# shellcheck shell=bash
# Fills $root: busybox, programs with their libraries, kernel modules, and rootfs/ over all of it.

root=$work/root
mkdir -p "$root"/{dev,etc/dropbear,home/cirros,mnt,proc,root,run,sys,tmp,var/lib/instance,var/log} "$root"/usr/{bin,lib,lib64}
for d in bin lib lib64; do ln -s "usr/$d" "$root/$d"; done
ln -s usr/bin "$root/sbin"
ln -s bin "$root/usr/sbin"
ln -s /run "$root/var/run"

# ---- busybox: every applet by its name, but those that would manage packages it does not have
cp "$debs/usr/bin/busybox" "$root/usr/bin/"
"$debs/usr/bin/busybox" --list | grep -vxE 'busybox|dpkg.*|rpm.*|linuxrc' | while read -r applet; do
    ln -s busybox "$root/usr/bin/$applet"
done

# ---- programs
loader=$(readlink -f "$debs/usr/lib/x86_64-linux-gnu/ld-linux-x86-64.so.2")
libraries=$root/usr/lib/x86_64-linux-gnu
mkdir -p "$libraries"
cp "$loader" "$libraries/ld-linux-x86-64.so.2"
ln -s ../lib/x86_64-linux-gnu/ld-linux-x86-64.so.2 "$root/usr/lib64/ld-linux-x86-64.so.2"

# add_libraries FILE: what the guest's own loader would load for it.
add_libraries() {
    local name arrow path rest
    # fakeroot's preloaded library is the host's, not the guest's.
    LD_PRELOAD='' "$loader" --library-path "$debs/usr/lib/x86_64-linux-gnu:$debs/usr/libexec/sudo" --list "$1" | while read -r name arrow path rest; do
        [ "$arrow" = '=>' ] || continue
        [ -f "$path" ] || fail "$1 needs $name, which no package has: $path $rest"
        name=${name##*/} # the loader names itself with a path
        [ -e "$libraries/$name" ] || cp -L "$path" "$libraries/$name"
    done
}

list programs.list | grep -v '^-' | while read -r _ programs; do
    for program in $programs; do
        [ -f "$debs$program" ] || fail "no $program in the packages"
        case $program in
            *.so | */lib/openssh/*) target=$root$program ;;
            *) target=$root/usr/bin/$(basename "$program") ;;
        esac
        mkdir -p "$(dirname "$target")"
        cp -L --remove-destination "$debs$program" "$target"
        add_libraries "$debs$program"
    done
done

# bash is sh: busybox's shell prefers its own ping and nc to the real ones, and Debian's dash knows no pipefail.
ln -sf bash "$root/usr/bin/sh"
for t in ext2 ext3 ext4; do ln -sf mke2fs "$root/usr/bin/mkfs.$t"; done
ln -sf e2fsck "$root/usr/bin/fsck.ext4"
ln -sf ping "$root/usr/bin/ping6"
ln -s openssh/sftp-server "$root/usr/lib/sftp-server" # where dropbear looks for it
cp "$debs/etc/mke2fs.conf" "$root/etc/"

# ---- kernel modules
# add_modules LIST DIRECTORY: the modules of a line of modules.list with what they need.
add_modules() {
    local from=$linux/usr/lib/modules/$kernel to=$2/lib/modules/$kernel module files file
    mkdir -p "$to"
    for module in $(list modules.list | awk -v which="$1" '$1 == which { $1 = ""; print }'); do
        module=${module//_/[-_]} # names of modules and of their files differ in this
        if grep -qE "/$module\.ko" "$from/modules.builtin"; then continue; fi
        files=$(grep -E "/$module\.ko:" "$from/modules.dep" | tr -d :) || fail "no module $module in $kernel_package"
        for file in $files; do
            mkdir -p "$to/$(dirname "$file")"
            cp "$from/$file" "$to/$file"
        done
    done
    cp "$from"/modules.{order,builtin,builtin.modinfo} "$to/"
    depmod -b "$2" "$kernel"
    find "$to" -maxdepth 1 -name 'modules.*' ! -name modules.dep ! -name modules.alias -delete # all that busybox reads
}
add_modules root "$root"

# ---- rootfs/, and what a repository cannot hold: owners, special modes, a password
# --remove-destination: a file here replaces an applet's link, it must not be written through it into busybox.
cp -r --preserve=mode --remove-destination "$here/rootfs/." "$root/"
printf 'PRETTY_NAME="Nephos test guest"\nNAME="Nephos test guest"\nID=nephos-guest\nID_LIKE=debian\nVERSION_ID="%s"\n' "$kernel" > "$root/etc/os-release"
# The salt is fixed so that the same inputs make the same guest; the password is public anyway.
printf 'root:*:20000::::::\nnobody:*:20000::::::\ncirros:%s:20000::::::\n' "$("$debs/usr/bin/busybox" mkpasswd -m sha256 -S nephosguest gocubsgo)" > "$root/etc/shadow"
chown -R 0:0 "$root"
chown -R 1000:1000 "$root/home/cirros"
chmod -R u+rwX,go+rX,go-w "$root"
chmod 1777 "$root/tmp"
chmod 700 "$root/root"
chmod 600 "$root/etc/shadow"
chmod 440 "$root/etc/sudoers"
chmod 4755 "$root/usr/bin/sudo" "$root/usr/bin/ping"
