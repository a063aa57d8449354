# ROOTFS /: secrets that an administrator has put where others can read them stay unseen.
# user: root
# alone: it puts files into /var, /run, /srv and /etc
load ../lib

setup() {
	lib_setup
	mark=sandbox-test-secret.$$
	made=(/var/"$mark" /run/"$mark" /srv/"$mark" /mnt/"$mark" /opt/../"$mark" /etc/ssl/private/"$mark")
	install -d -m 0755 /etc/ssl
	private=$(stat -c %a /etc/ssl/private 2>/dev/null) || private=
	install -d -m 0755 /etc/ssl/private
	for file in "${made[@]}"; do
		install -d "$(dirname "$file")"
		echo "$mark" >"$file"
		chmod 0644 "$file"
	done
}

teardown() {
	rm -f "${made[@]}"
	if [ -n "$private" ]; then
		chmod "$private" /etc/ssl/private
	else
		rmdir /etc/ssl/private
	fi
	lib_teardown
}

@test "a file in /var, /run, /srv, /mnt, / or /etc/ssl/private that everybody may read" {
	as_user() { run --separate-stderr -- setpriv --reuid=sandbox-test --regid="$(id -g sandbox-test)" \
		--init-groups env -u XDG_RUNTIME_DIR HOME=/home/sandbox-test "$@"; }
	as_user cat "${made[@]}"
	assert_success
	as_user "$SANDBOX" / sh -c "cat ${made[*]}; ls -A /etc/ssl/private; find / -xdev -name '$mark'; grep -rs $mark /etc/ssl"
	assert_output ''
}
