# fish completion for sandbox(1)
# Generated from the option table by `make generated`; do not edit.

set -g __sandbox_with_value --profile --layer --bind --bind-try --ro-bind --ro-bind-try --dev-bind --dev-bind-try --tmpfs --mask --symlink --mkdir --file --workdir --env -e --unsetenv --env-file --userns --user --uidmap --gidmap --network --net --hostname --boottime-offset --monotonic-offset --seccomp --cap-add --cap-drop --ulimit

# True until ROOTFS stands on the line: what follows it is the command's.
function __sandbox_in_options
	set -l words (commandline -opc)
	set -e words[1]
	test "$words[1]" = run; and set -e words[1]
	set -l skip no
	for word in $words
		if test $skip = yes
			set skip no
		else if contains -- $word $__sandbox_with_value
			set skip yes
		else if test "$word" = --; or not string match -q -- '-?*' "$word"
			return 1
		end
	end
	return 0
end

function __sandbox_profiles
	sandbox profile list 2>/dev/null | string replace -r ' .*' ''
end

complete -c sandbox -n __fish_is_first_arg -a 'run profile'
complete -c sandbox -n '__fish_seen_subcommand_from profile' -xa 'list show check'
complete -c sandbox -n __sandbox_in_options -l profile -rFa '(__sandbox_profiles)' -d 'Start from the options in profile NAME, or in the file NAME if it has a slash'
complete -c sandbox -n __sandbox_in_options -l rw -d 'Let the command write into ROOTFS itself'
complete -c sandbox -n __sandbox_in_options -l read-only -d 'Make the root read-only: no layer, no writes'
complete -c sandbox -n __sandbox_in_options -l layer -xa 'auto memory disk' -d 'Keep the layer that is thrown away in memory or on disk'
complete -c sandbox -n __sandbox_in_options -l bind -rF -d 'Show the host\'s file or directory S at D, writable'
complete -c sandbox -n __sandbox_in_options -l bind-try -rF -d 'Like --bind, but do nothing if S does not exist'
complete -c sandbox -n __sandbox_in_options -l ro-bind -rF -d 'Show the host\'s file or directory S at D, read-only'
complete -c sandbox -n __sandbox_in_options -l ro-bind-try -rF -d 'Like --ro-bind, but do nothing if S does not exist'
complete -c sandbox -n __sandbox_in_options -l dev-bind -rF -d 'Like --bind, and device files in it can be used'
complete -c sandbox -n __sandbox_in_options -l dev-bind-try -rF -d 'Like --dev-bind, but do nothing if S does not exist'
complete -c sandbox -n __sandbox_in_options -l tmpfs -x -d 'Mount an empty file system in memory at D'
complete -c sandbox -n __sandbox_in_options -l mask -x -d 'Hide PATH behind an empty file or directory'
complete -c sandbox -n __sandbox_in_options -l symlink -x -d 'Make a symbolic link LINK that points to TARGET'
complete -c sandbox -n __sandbox_in_options -l mkdir -x -d 'Make a directory, and those above it, if it does not exist'
complete -c sandbox -n __sandbox_in_options -l file -x -d 'Make a file PATH with what can be read from descriptor FD'
complete -c sandbox -n __sandbox_in_options -l allow-home -d 'Let a bind show the whole home directory'
complete -c sandbox -n __sandbox_in_options -l workdir -xa '(__fish_complete_directories)' -d 'Start the command in directory PATH inside'
complete -c sandbox -n __sandbox_in_options -s e -l env -xa '(set -xn)' -d 'Set variable V, or pass on the caller\'s if there is no value'
complete -c sandbox -n __sandbox_in_options -l unsetenv -xa '(set -xn)' -d 'Take variable V out of the environment'
complete -c sandbox -n __sandbox_in_options -l env-file -rF -d 'Set the variables that FILE has, one V=VALUE to a line'
complete -c sandbox -n __sandbox_in_options -l keep-env -d 'Start from the caller\'s environment instead of a clean one'
complete -c sandbox -n __sandbox_in_options -l userns -xa 'auto keep-id single' -d 'Choose which ids exist inside and who the command is'
complete -c sandbox -n __sandbox_in_options -l user -xa '(__fish_complete_users)' -d 'Run as user U and group G inside, by name or id'
complete -c sandbox -n __sandbox_in_options -l uidmap -x -d 'Map COUNT user ids from INSIDE on to those from OUTSIDE on'
complete -c sandbox -n __sandbox_in_options -l gidmap -x -d 'Map COUNT group ids from INSIDE on to those from OUTSIDE on'
complete -c sandbox -n __sandbox_in_options -l keep-groups -d 'Keep the caller\'s supplementary groups, with all they can open'
complete -c sandbox -n __sandbox_in_options -l network -l net -xa 'none host' -d 'Choose the network: none, which is the default, or host'
complete -c sandbox -n __sandbox_in_options -l hostname -x -d 'Set the host name inside'
complete -c sandbox -n __sandbox_in_options -l boottime-offset -x -d 'Shift the clock since boot by DURATION, in a time namespace'
complete -c sandbox -n __sandbox_in_options -l monotonic-offset -x -d 'Shift the monotonic clock by DURATION, in a time namespace'
complete -c sandbox -n __sandbox_in_options -l seccomp -xa 'default build strict unconfined' -d 'Choose the filter for system calls'
complete -c sandbox -n __sandbox_in_options -l cap-add -xa 'ALL CHOWN DAC_OVERRIDE DAC_READ_SEARCH FOWNER FSETID KILL SETGID SETUID SETPCAP LINUX_IMMUTABLE NET_BIND_SERVICE NET_BROADCAST NET_ADMIN NET_RAW IPC_LOCK IPC_OWNER SYS_MODULE SYS_RAWIO SYS_CHROOT SYS_PTRACE SYS_PACCT SYS_ADMIN SYS_BOOT SYS_NICE SYS_RESOURCE SYS_TIME SYS_TTY_CONFIG MKNOD LEASE AUDIT_WRITE AUDIT_CONTROL SETFCAP MAC_OVERRIDE MAC_ADMIN SYSLOG WAKE_ALARM BLOCK_SUSPEND AUDIT_READ PERFMON BPF CHECKPOINT_RESTORE' -d 'Give the command capability NAME, inside its own user namespace'
complete -c sandbox -n __sandbox_in_options -l cap-drop -xa 'ALL CHOWN DAC_OVERRIDE DAC_READ_SEARCH FOWNER FSETID KILL SETGID SETUID SETPCAP LINUX_IMMUTABLE NET_BIND_SERVICE NET_BROADCAST NET_ADMIN NET_RAW IPC_LOCK IPC_OWNER SYS_MODULE SYS_RAWIO SYS_CHROOT SYS_PTRACE SYS_PACCT SYS_ADMIN SYS_BOOT SYS_NICE SYS_RESOURCE SYS_TIME SYS_TTY_CONFIG MKNOD LEASE AUDIT_WRITE AUDIT_CONTROL SETFCAP MAC_OVERRIDE MAC_ADMIN SYSLOG WAKE_ALARM BLOCK_SUSPEND AUDIT_READ PERFMON BPF CHECKPOINT_RESTORE' -d 'Take capability NAME from the command'
complete -c sandbox -n __sandbox_in_options -l ulimit -xa 'as= core= cpu= data= fsize= locks= memlock= msgqueue= nice= nofile= nproc= rss= rtprio= rttime= sigpending= stack=' -d 'Set a resource limit, such as nofile=1024:4096'
complete -c sandbox -n __sandbox_in_options -l init -d 'Run a small init as process 1, which reaps orphans; the default'
complete -c sandbox -n __sandbox_in_options -l as-pid-1 -d 'Run the command itself as process 1, without an init'
complete -c sandbox -n __sandbox_in_options -l die-with-parent -d 'End the sandbox when the process that started it ends'
complete -c sandbox -n __sandbox_in_options -l dry-run -d 'Print every step and what it is there for, and do nothing'
complete -c sandbox -n __sandbox_in_options -s v -l verbose -d 'Say on standard error what is being done'
complete -c sandbox -n __sandbox_in_options -s h -l help -d 'Print this help'
complete -c sandbox -n __sandbox_in_options -l version -d 'Print the version'
