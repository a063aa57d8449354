# make install puts each file in its standard place, and the installed program finds its profiles there.
load ../lib

install_into() {
	make -s -C "$PROJECT" -o all install B="$(dirname "$SANDBOX")" DESTDIR="$1" PREFIX=/usr
}

@test "make install: every file in its place, nothing else" {
	install_into "$scratch/dest"
	assert_equal "$(readlink "$scratch/dest/usr/bin/sandbox-sh")" sandbox
	assert_equal "$(cd "$scratch/dest" && find . -type f ! -name '*.conf' -printf '%m %P\n' | sort)" \
		"$(sort <<'FILES'
755 usr/bin/sandbox
755 usr/bin/sandbox-oci
755 usr/libexec/sandbox/bus
755 usr/libexec/sandbox/bundle
755 usr/libexec/sandbox/bwrap
755 usr/libexec/sandbox/audio
755 usr/libexec/sandbox/denials
755 usr/libexec/sandbox/doctor
755 usr/libexec/sandbox/egress
755 usr/libexec/sandbox/relay
755 usr/libexec/sandbox/fuse
755 usr/libexec/sandbox/import
755 usr/libexec/sandbox/layer
755 usr/libexec/sandbox/learn
755 usr/libexec/sandbox/rootfs
755 usr/libexec/sandbox/rootfs-tar
755 usr/libexec/sandbox/scope
755 usr/libexec/sandbox/seccomp
755 usr/libexec/sandbox/wayland
755 usr/libexec/sandbox/x11
644 usr/share/bash-completion/completions/sandbox
644 usr/share/fish/vendor_completions.d/sandbox.fish
644 usr/share/man/man1/sandbox-doctor.1
644 usr/share/man/man1/sandbox-oci.1
644 usr/share/man/man1/sandbox-sh.1
644 usr/share/man/man1/sandbox.1
644 usr/share/man/man5/sandbox-profile.5
644 usr/share/zsh/site-functions/_sandbox
FILES
)"
	assert_equal "$(cd "$scratch/dest/usr/share/sandbox/profiles" && echo *)" \
		"$(cd "$PROJECT/profiles" && echo *.conf)"
}

@test "make install: the installed program finds the installed profiles" {
	install_into "$scratch/dest"
	rm "$scratch/dest/usr/share/sandbox/profiles/strict.conf"
	run --separate-stderr -- "$scratch/dest/usr/bin/sandbox" profile list
	assert_success
	assert_output_has build
	assert_output_lacks strict
}

@test "make install: twice is the same as once" {
	install_into "$scratch/dest"
	install_into "$scratch/dest"
	[ -x "$scratch/dest/usr/bin/sandbox" ]
}
