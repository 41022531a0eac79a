# shellcheck shell=bash
# Downloads the packages (kept in $out/packages) and unpacks them into $debs, the kernel's into $linux. Sets $kernel, $vmlinuz.

debs=$work/debs linux=$work/linux keep=$out/packages
mkdir -p "$keep"

list() { grep -v '^#' "$here/$1"; }

# depends PACKAGE...: the names of what they depend on, one a line.
depends() {
    apt-cache depends --no-recommends --no-suggests --no-conflicts --no-breaks --no-replaces --no-enhances "$@" |
        sed -n 's/^ *|*\(Pre\)\?Depends: \([^<]*\)$/\2/p' | sort -u
}

# with_libraries PACKAGE...: these and the library packages below them. What else they depend on is for a package manager, which the guest has not.
with_libraries() {
    local all new
    all=$(printf '%s\n' "$@" | sort -u)
    new=$all
    while [ -n "$new" ]; do
        # shellcheck disable=SC2086 # words are what is wanted
        new=$(depends $new | grep '^lib' | grep -vxF "$all" || true)
        all=$(printf '%s\n%s\n' "$all" "$new" | grep . | sort -u)
    done
    printf '%s\n' "$all"
}

# unpack FILE DIRECTORY: follows the directory's own links, so that old /bin and new /usr/bin come to the same place.
unpack() {
    mkdir -p "$2"/usr/{bin,sbin,lib,lib64}
    for d in bin sbin lib lib64; do ln -sfn "usr/$d" "$2/$d"; done
    dpkg-deb --fsys-tarfile "$1" | tar -x --keep-directory-symlink -C "$2"
}

if ! apt-cache show libc6 > /dev/null 2>&1; then
    say "fetching the package lists"
    apt-get -qq update || fail "apt-get update failed"
fi
kernel_package=$(depends linux-image-cloud-amd64 2> /dev/null | grep '^linux-image-' | head -1) || true
[ -n "$kernel_package" ] || fail "there is no package linux-image-cloud-amd64: this needs Debian's package sources for amd64"

mapfile -t wanted < <(with_libraries $(list programs.list | awk '{ sub(/^-/, ""); print $1 }'); echo "$kernel_package")
missing=()
for p in "${wanted[@]}"; do compgen -G "$keep/${p}_*.deb" > /dev/null || missing+=("$p"); done
if [ ${#missing[@]} -gt 0 ] || [ -n "$force" ]; then
    [ -z "$force" ] || missing=("${wanted[@]}")
    say "downloading ${#missing[@]} packages"
    # Into a directory of its own: a download that breaks off leaves nothing that looks whole.
    mkdir "$work/download"
    (cd "$work/download" && apt-get -qq -o APT::Sandbox::User=root download "${missing[@]}") || fail "download failed (old package lists? apt-get update)"
    for p in "${missing[@]}"; do rm -f "$keep/${p}"_*.deb; done
    mv "$work/download"/*.deb "$keep/"
fi

for p in "${wanted[@]}"; do
    file=$(compgen -G "$keep/${p}_*.deb" | tail -1)
    if [ "$p" = "$kernel_package" ]; then unpack "$file" "$linux"; else unpack "$file" "$debs"; fi
done
kernel=$(basename "$linux"/usr/lib/modules/*)
vmlinuz=$linux/boot/vmlinuz-$kernel
[ -f "$vmlinuz" ] || fail "no kernel in $kernel_package"
find "$linux/usr/lib/modules" -name '*.ko.xz' -exec xz -d {} +
depmod -b "$linux" "$kernel"
