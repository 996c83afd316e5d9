#!/bin/sh
# need.sh PURPOSE... -- see that the Debian packages for a purpose are there.
#
# As root the missing ones are installed; else the exact command is said.  On
# another distribution nothing is done: a missing library says its own name.
set -u

packages() {
	case $1 in
	build) echo gcc make libc6-dev libseccomp-dev libjansson-dev libcurl4-openssl-dev \
		libarchive-dev libzstd-dev zlib1g-dev libfdt-dev libssl-dev libc-ares-dev nettle-dev libgmp-dev libmbedtls-dev ;;
	test)  echo libcmocka-dev busybox-static iproute2 iputils-ping nftables passt slirp4netns \
		uidmap fuse-overlayfs docker-registry skopeo apache2-utils python3 zstd \
		attr libcap2-bin procps util-linux openssl netcat-openbsd pkg-config \
		libvncserver-dev clang lld wasi-libc libclang-rt-dev-wasm32 qemu-utils cpio xz-utils e2fsprogs kmod \
		gcc-riscv64-linux-gnu libc6-dev-riscv64-cross u-boot-qemu opensbi gdb-multiarch \
		gcc-mingw-w64-x86-64 g++-mingw-w64-x86-64 ;;
	programs) command -v npm >/dev/null || echo npm ;;
	fuzz)  echo clang llvm libcmocka-dev ;;
	style) echo clang-format mandoc shellcheck binutils ;;
	demo)  echo apt dpkg nftables passt iproute2 cpio xz-utils ;;
	*)     echo "need.sh: there is no purpose '$1'" >&2; exit 2 ;;
	esac
}

command -v dpkg-query >/dev/null && command -v apt-get >/dev/null || exit 0
want=
for purpose; do
	want="$want $(packages "$purpose")" || exit 2
done
missing=
# shellcheck disable=SC2086 # a list of words
have=$(dpkg-query -W -f '[${db:Status-Status} ${Package}]' $want 2>/dev/null)
for p in $want; do
	case "$have" in
	*"[installed $p]"*) ;;
	*) missing="$missing $p" ;;
	esac
done
[ -n "$missing" ] || exit 0
if [ "$(id -u)" != 0 ]; then
	echo "missing packages; install them with:" >&2
	echo "       sudo apt-get install --no-install-recommends$missing" >&2
	exit 1
fi
echo "installing:$missing" >&2
export DEBIAN_FRONTEND=noninteractive
# shellcheck disable=SC2086
apt-get -qq install -y --no-install-recommends $missing >/dev/null 2>&1 && exit 0
apt-get -qq update >&2
# shellcheck disable=SC2086
apt-get -qq install -y --no-install-recommends $missing >/dev/null 2>&1 && exit 0
# One that this release does not have must not cost the others.
for p in $missing; do
	apt-get -qq install -y --no-install-recommends "$p" >/dev/null 2>&1 ||
		echo "package $p cannot be installed here; what needs it is skipped" >&2
done
