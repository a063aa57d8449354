# The packages name what make install puts in place, all of it and nothing else; the same version; what a
# build needs. Whether each builds is tried by hand: packaging/README.md.
load ../lib

# installed_files DIR: what stands in it, as absolute paths.
installed_files() { (cd "$1" && find . ! -type d -printf '/%P\n' | sort); }

install_into() {
	make -s -C "$PROJECT" -o all install B="$(dirname "$SANDBOX")" DESTDIR="$1" PREFIX=/usr "${@:2}"
}

@test "every package has the version of the Makefile" {
	local version
	version=$(sed -n 's/^VERSION := //p' "$PROJECT/Makefile")
	cd "$PROJECT"
	assert_equal "$(sed -n '1s/^sandbox (\(.*\)) .*/\1/p' debian/changelog)" "$version"
	assert_equal "$(sed -n 's/^Version: *//p' packaging/rpm/sandbox.spec)" "$version"
	assert_equal "$(sed -n 's/^pkgver=//p' packaging/arch/PKGBUILD)" "$version"
	assert_equal "$(sed -n 's/^pkgver=//p' packaging/alpine/APKBUILD)" "$version"
	assert_equal "$(sed -n 's/^  version = "\(.*\)";/\1/p' packaging/nix/sandbox.nix)" "$version"
}

# rpm_files: the patterns of %files, without documents; a directory covers what is in it.
rpm_files() {
	sed -n '/^%files/,/^$/p' "$PROJECT/packaging/rpm/sandbox.spec" | grep '^%{' |
		sed -e 's,%{_bindir},/usr/bin,; s,%{_prefix},/usr,; s,%{_datadir},/usr/share,; s,%{_mandir},/usr/share/man,' \
			-e 's,/$,/*,'
}

@test "rpm: the list of files is what make install has put in place" {
	local file pattern found
	install_into "$scratch/dest"
	for file in $(installed_files "$scratch/dest"); do
		found=''
		while read -r pattern; do
			# shellcheck disable=SC2053 # a pattern it is
			[[ $file != $pattern ]] || found=yes
		done < <(rpm_files)
		[ -n "$found" ] || fail "$file is in no pattern of %files"
	done
	while read -r pattern; do
		compgen -G "$scratch/dest$pattern" >"$scratch/found" || fail "nothing is like $pattern"
	done < <(rpm_files)
}

# packaged_by SHELL FILE: what its package() puts in place; make builds nothing here.
packaged_by() {
	mkdir "$scratch/package"
	ln -s "$PROJECT" "$scratch/sandbox-$(sed -n 's/^pkgver=//p' "$2")"
	"$1" -c '
		set -eu
		cd "$2"
		pkgdir=$3 build=$4
		make() { command make -s -o all B="$build" "$@"; }
		. "$1"
		for name in pkgname pkgver pkgrel pkgdesc arch license source; do
			eval ": \"\${$name:?}\""
		done
		[ "$5" = unpacked ] || cd "$2/$pkgname-$pkgver"
		package' "$1" "$2" "$scratch" "$scratch/package" "$(dirname "$SANDBOX")" "${3-}" >&2
	installed_files "$scratch/package"
}

@test "arch: package() does what make install does, and adds the licence" {
	install_into "$scratch/dest"
	assert_equal "$(packaged_by bash "$PROJECT/packaging/arch/PKGBUILD" unpacked | grep -v /usr/share/licenses/sandbox/LICENSE)" \
		"$(installed_files "$scratch/dest")"
	[ -f "$scratch/package/usr/share/licenses/sandbox/LICENSE" ]
}

@test "alpine: package() does what make install does without systemd" {
	install_into "$scratch/dest" SYSTEMD=no
	assert_equal "$(packaged_by sh "$PROJECT/packaging/alpine/APKBUILD")" "$(installed_files "$scratch/dest")"
	[ ! -e "$scratch/dest/usr/libexec/sandbox/scope" ]
	[ -x "$scratch/dest/usr/libexec/sandbox/relay" ]
}

@test "alpine: no source asks the C library for what musl lacks" {
	local musl file
	musl=/usr/include/$(gcc -print-multiarch | sed 's/-gnu$/-musl/')
	require 'musl-dev' test -e "$musl/stdio.h"
	cd "$PROJECT"
	for file in sandbox/*.c helpers/*.c; do
		gcc -std=gnu17 -D_GNU_SOURCE -Werror=implicit-function-declaration -fsyntax-only -iquote sandbox -iquote helpers \
			-DVERSION='"0"' -DPREFIX='"/usr"' -nostdinc -isystem "$musl" -isystem "$(gcc -print-file-name=include)" \
			-idirafter /usr/include -idirafter "/usr/include/$(gcc -print-multiarch)" "$file" || fail "$file does not compile with musl"
	done
}

@test "debian: the build depends on the libraries that setup installs, and names documents that are there" {
	local pattern
	cd "$PROJECT"
	# The rest of setup's list is in build-essential, or wanted for running.
	assert_equal "$(sed -n '/^Build-Depends:/,/^[A-Z]/s/^ \(\(lib\|musl\|nettle\)[^ ,]*-dev\),*$/\1/p' debian/control | grep -v '^libcmocka' | sort)" \
		"$(sed -n "s/^packages\[build\]='\(.*\)'/\1/p" helpers/setup | tr ' ' '\n' | grep -e '-dev$' | grep -v '^libc6-dev' | sort)"
	while read -r pattern; do
		compgen -G "$pattern" >"$scratch/found" || fail "no document is like $pattern"
	done <debian/sandbox.docs
}

@test "debian: what is said to be static is, and no other program" {
	local file static=''
	require_program readelf
	install_into "$scratch/dest"
	for file in $(installed_files "$scratch/dest" | grep -E '/(bin|libexec)/'); do
		[ ! -L "$scratch/dest$file" ] || continue
		[ "$(head -c 4 "$scratch/dest$file" | tail -c 3)" = ELF ] || continue
		readelf -lW "$scratch/dest$file" | grep -q INTERP || static+="sandbox: shared-library-lacks-prerequisites [${file#/}]"$'\n'
	done
	assert_equal "$(grep lacks-prerequisites "$PROJECT/debian/sandbox.lintian-overrides")" "${static%$'\n'}"
}

@test "debian: the AppArmor profile is the one that doctor prints" {
	sandbox doctor --apparmor
	assert_success
	assert_equal "$(grep -v '^#' "$PROJECT/packaging/apparmor/sandbox")" "${output//"$SANDBOX"//usr/bin/sandbox}"
}
