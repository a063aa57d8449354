# Options and commands that make no sense: refused with the reason, and nothing is run.
load ../lib

setup() {
	lib_setup
	tiny_rootfs
}

@test "no root file system" {
	sandbox
	assert_refused 'no root file system given' 'sandbox --help'
	sandbox --rw
	assert_refused 'no root file system given'
	sandbox ''
	assert_refused empty
	sandbox "$root" ''
	assert_refused 'COMMAND is empty'
}

@test "an unknown option, and a misspelt one with the nearest name" {
	sandbox --nosuchthing "$root" /bin/echo ran
	assert_refused nosuchthing
	sandbox --ro-bnd x "$root" /bin/echo ran
	assert_refused ro-bnd ro-bind
	sandbox --read-onl "$root" /bin/echo ran
	assert_refused read-only
	sandbox -Q "$root" /bin/echo ran
	assert_refused Q
	sandbox --rw=yes "$root" /bin/echo ran
	assert_refused rw
	sandbox --hostname
	assert_refused hostname
}

@test "options behind ROOTFS are the command's" {
	sandbox "$root" /bin/echo --rw --nosuch -h
	assert_output '--rw --nosuch -h'
	sandbox "$root" --rw
	assert_status 127
	sandbox -- "$root" /bin/echo x
	assert_output x
}

@test "bad sizes" {
	for size in x 1x -1 '' 99999999999999999999 1.5.5 0x10 1kk; do
		sandbox --tmpfs "/t:size=$size" "$root" /bin/echo ran
		assert_refused '/t' || return
	done
	sandbox --ulimit fsize=12parsecs "$root" /bin/echo ran
	assert_refused fsize
}

@test "bad values" {
	local option
	for option in --userns=root --network=wifi --seccomp=none --layer=tape --hostname=a_b/c --boottime-offset=soon \
		--ulimit=nofile --cap-add=everything --env==x --tmpfs=relative --tmpfs=/t:colour=red --mask= --symlink=onlyone \
		--mkdir=/d:mode=9 --file=x:/y --file=-1:/y --bind= --workdir=relative --unsetenv=A=B; do
		case $option in --mask= | --bind=) continue ;; esac # an empty value takes back
		sandbox "$option" "$root" /bin/echo ran
		assert_refused "${option%%=*}" || return
	done
}

@test "targets that are no place inside" {
	sandbox --bind "$PWD:relative" "$root" /bin/echo ran
	assert_refused relative
	sandbox --bind "$PWD:/" "$root" /bin/echo ran
	assert_refused 'over the root'
	sandbox --tmpfs /a/../.. "$root" /bin/echo ran
	assert_refused /a
}

@test "sandbox run is the same as sandbox" {
	sandbox run "$root" /bin/echo x
	assert_success
	assert_output x
}

@test "10,000 binds: they work, or the limit is named, in bounded time" {
	local i words=() start=$SECONDS
	mkdir data
	for i in $(seq 10000); do
		words+=(--ro-bind "data:/b/$i")
	done
	sandbox --userns=single "${words[@]}" "$root" /bin/sh -c 'ls /b | wc -l'
	[ $((SECONDS - start)) -lt 60 ] || told "it took $((SECONDS - start)) seconds"
	if [ "$status" = 0 ]; then
		assert_output 10000
	else
		assert_refused 'limit of mounts'
	fi
}

@test "an argument list at the limit: it works; above it, that is named" {
	local words
	mapfile -t words < <(seq -f '%060.0f' 30000)
	sandbox "$root" /bin/sh -c 'echo $#' sh "${words[@]}"
	assert_success
	assert_output 30000
	# What fits into our own exec may not fit into the one inside, with another environment.
	awk 'BEGIN { for (i = 0; i < 9000; i++) printf "V%d=%0100d\n", i, i }' >envfile
	sandbox --env-file envfile "$root" /bin/echo ran "${words[@]}"
	assert_status 126
	assert_output ''
	assert_stderr_has 'Argument list too long' 'longer than the kernel takes'
}

@test "one argument of 128 KB, less a byte" {
	local long
	long=$(head -c 131071 /dev/zero | tr '\0' x)
	sandbox "$root" /bin/sh -c 'echo ${#1}' sh "$long"
	assert_output 131071
}

@test "a command name, a rootfs name and a hostname that are far too long" {
	local long
	long=$(head -c 5000 /dev/zero | tr '\0' x)
	sandbox "$root" "$long"
	[ "$status" = 127 ] || assert_status 126
	sandbox "/$long" true
	assert_refused 'File ?name too long' # as glibc and musl have it
	sandbox --hostname "$long" "$root" true
	assert_refused hostname
	sandbox --bind "/$long" "$root" true
	assert_refused long
	sandbox --env "$long=$long" "$root" /bin/sh -c 'env | grep -c xxx'
	assert_output 1
}

@test "a time limit for bad input: many options" {
	local i words=()
	for i in $(seq 5000); do
		words+=(-e "V$i=$i")
	done
	run --separate-stderr timeout 20 "$SANDBOX" "${words[@]}" "$root" /bin/sh -c 'env | grep -c ^V'
	assert_output 5000
}
