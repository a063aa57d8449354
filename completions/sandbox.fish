# fish completion for sandbox(1)
# Generated from the option table by `make generated`; do not edit.

set -g __sandbox_with_value --profile --layer --overlay --overlay-size --lower --bind --bind-try --ro-bind --ro-bind-try --dev-bind --dev-bind-try --tmpfs --mask --symlink --mkdir --file --workdir --env -e --unsetenv --env-file --userns --user --uidmap --gidmap --network --net --allow-net --deny-net --connect-tcp --bind-tcp --net-log --allow-host-port --publish -p --dns --dns-search --ca-certificates --hostname --boottime-offset --monotonic-offset --ipc --usb --usb-try --application --home --dbus --dbus-talk --dbus-own --dbus-see --dbus-call --seccomp --landlock --proc --cap-add --cap-drop --ulimit --memory -m --memory-swap --cpus --cpuset --pids-limit --io-weight --limits --timeout --timeout-grace --cpu-time --nice --oom-score-adj --name --log-size --pass-fd --meta --json-status-fd --info-fd --print-enforced

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

function __sandbox_names
	sandbox ps -a 2>/dev/null | tail -n +2 | string replace -r ' .*' ''
end

complete -c sandbox -n __fish_is_first_arg -a 'run exec ps wait kill logs rm profile desktop'
complete -c sandbox -n '__fish_seen_subcommand_from exec wait kill logs rm' -xa '(__sandbox_names)'
complete -c sandbox -n '__fish_seen_subcommand_from ps' -xa '--all --json'
complete -c sandbox -n '__fish_seen_subcommand_from desktop' -a 'install remove list'
complete -c sandbox -n '__fish_seen_subcommand_from profile' -xa 'list show check trust distrust'
complete -c sandbox -n __sandbox_in_options -l profile -rFa '(__sandbox_profiles)' -d 'Start from the options in profile NAME, or in the file NAME if it has a slash or ends in .conf'
complete -c sandbox -n __sandbox_in_options -l rw -d 'Let the command write into ROOTFS itself'
complete -c sandbox -n __sandbox_in_options -l read-only -d 'Make the root read-only: no layer, no writes'
complete -c sandbox -n __sandbox_in_options -l layer -xa 'auto memory disk fuse' -d 'Keep the layer that is thrown away in memory or on disk'
complete -c sandbox -n __sandbox_in_options -l overlay -x -d 'Keep what is written, on layer NAME over what is below'
complete -c sandbox -n __sandbox_in_options -l overlay-size -x -d 'Let each layer in memory hold at most SIZE bytes'
complete -c sandbox -n __sandbox_in_options -l lower -xa '(__fish_complete_directories)' -d 'Lay the host\'s directory DIR over ROOTFS, read-only'
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
complete -c sandbox -n __sandbox_in_options -l userns -xa 'auto keep-id single fakeroot' -d 'Choose which ids exist inside and who the command is'
complete -c sandbox -n __sandbox_in_options -l user -xa '(__fish_complete_users)' -d 'Run as user U and group G inside, by name or id'
complete -c sandbox -n __sandbox_in_options -l uidmap -x -d 'Map COUNT user ids from INSIDE on to those from OUTSIDE on'
complete -c sandbox -n __sandbox_in_options -l gidmap -x -d 'Map COUNT group ids from INSIDE on to those from OUTSIDE on'
complete -c sandbox -n __sandbox_in_options -l keep-groups -d 'Keep the caller\'s supplementary groups, with all they can open'
complete -c sandbox -n __sandbox_in_options -l network -l net -xa 'none slirp4netns slirp pasta host' -d 'Choose the network: none, which is the default, or one of its own, or the host\'s'
complete -c sandbox -n __sandbox_in_options -l allow-net -x -d 'Let the command reach WHAT, and nothing else but what further --allow-net say'
complete -c sandbox -n __sandbox_in_options -l deny-net -x -d 'Refuse WHAT, even where --allow-net would allow it'
complete -c sandbox -n __sandbox_in_options -l connect-tcp -x -d 'With the host\'s network: let TCP connect to these ports, on any machine, and no others'
complete -c sandbox -n __sandbox_in_options -l bind-tcp -x -d 'With the host\'s network: let TCP listen on these ports and no others'
complete -c sandbox -n __sandbox_in_options -l allow-aliases -d 'Follow aliases (CNAME) of allowed names to names that are not allowed'
complete -c sandbox -n __sandbox_in_options -l net-log -rF -d 'Write to FILE what the rules for the network have refused'
complete -c sandbox -n __sandbox_in_options -l allow-host-port -x -d 'Let the command reach this port of the host\'s loopback, at its own 127.0.0.1'
complete -c sandbox -n __sandbox_in_options -s p -l publish -x -d 'Let port HOST of this machine lead to port INSIDE of the command'
complete -c sandbox -n __sandbox_in_options -l dns -x -d 'Ask the name server at ADDRESS instead of the host\'s'
complete -c sandbox -n __sandbox_in_options -l dns-search -x -d 'Look up short names in DOMAIN'
complete -c sandbox -n __sandbox_in_options -l ca-certificates -rF -d 'Choose the certificate authorities that programs inside trust'
complete -c sandbox -n __sandbox_in_options -l hostname -x -d 'Set the host name inside'
complete -c sandbox -n __sandbox_in_options -l boottime-offset -x -d 'Shift the clock since boot by DURATION, in a time namespace'
complete -c sandbox -n __sandbox_in_options -l monotonic-offset -x -d 'Shift the monotonic clock by DURATION, in a time namespace'
complete -c sandbox -n __sandbox_in_options -l ipc -xa 'own host' -d 'Choose whose shared memory, semaphores and message queues are there'
complete -c sandbox -n __sandbox_in_options -l wayland -d 'Let the command open windows on the caller\'s Wayland compositor'
complete -c sandbox -n __sandbox_in_options -l wayland-try -d 'Like --wayland, but go without where there is no compositor'
complete -c sandbox -n __sandbox_in_options -l x11 -d 'Let the command open windows on an X11 display'
complete -c sandbox -n __sandbox_in_options -l x11-try -d 'Like --x11, but go without where there is no display'
complete -c sandbox -n __sandbox_in_options -l audio -d 'Let the command play sound'
complete -c sandbox -n __sandbox_in_options -l audio-try -d 'Like --audio, but go without where there is no server'
complete -c sandbox -n __sandbox_in_options -l microphone -d 'With --audio: let the command record, too'
complete -c sandbox -n __sandbox_in_options -l gpu -d 'Let the command compute and draw with the graphics card'
complete -c sandbox -n __sandbox_in_options -l gpu-try -d 'Like --gpu, but go without where there is none that can be used'
complete -c sandbox -n __sandbox_in_options -l camera -d 'Let the command use the cameras, or the one DEVICE'
complete -c sandbox -n __sandbox_in_options -l camera-try -d 'Like --camera, but go without where there is none'
complete -c sandbox -n __sandbox_in_options -l input -d 'Let the command read joysticks and gamepads, or the one input DEVICE'
complete -c sandbox -n __sandbox_in_options -l input-try -d 'Like --input, but go without where there is none'
complete -c sandbox -n __sandbox_in_options -l usb -x -d 'Let the command use this DEVICE on USB'
complete -c sandbox -n __sandbox_in_options -l usb-try -x -d 'Like --usb, but go without where it is not plugged in'
complete -c sandbox -n __sandbox_in_options -l host-look -d 'Let the command look and speak as the host\'s programs do'
complete -c sandbox -n __sandbox_in_options -l application -x -d 'Call the application NAME: for its home, and for portals'
complete -c sandbox -n __sandbox_in_options -l home -xa 'none private tmp' -d 'Give the command a home directory of its own'
complete -c sandbox -n __sandbox_in_options -l auto-args -d 'Show the files and directories that the command\'s arguments name, and nothing beside them'
complete -c sandbox -n __sandbox_in_options -l downloads -d 'Show the caller\'s directory of downloads, writable'
complete -c sandbox -n __sandbox_in_options -l documents -d 'Show the caller\'s directory of documents, writable'
complete -c sandbox -n __sandbox_in_options -l dbus -xa 'none filtered' -d 'Let the command reach the session bus (D-Bus), through a filter'
complete -c sandbox -n __sandbox_in_options -l dbus-talk -x -d 'Let the command speak to NAME on the session bus, or the system bus'
complete -c sandbox -n __sandbox_in_options -l dbus-own -x -d 'Let the command own NAME on the bus, for others to speak to'
complete -c sandbox -n __sandbox_in_options -l dbus-see -x -d 'Let the command see whether NAME is on the bus, and no more'
complete -c sandbox -n __sandbox_in_options -l dbus-call -x -d 'Let the command call of NAME what RULE says'
complete -c sandbox -n __sandbox_in_options -l seccomp -rFa 'default build strict nested sandboxes log unconfined' -d 'Choose the filter for system calls'
complete -c sandbox -n __sandbox_in_options -l landlock -xa 'auto require off' -d 'Choose whether Landlock stands behind the mounts'
complete -c sandbox -n __sandbox_in_options -l confine-only -d 'Confine by Landlock and filters alone, with no namespace: weaker'
complete -c sandbox -n __sandbox_in_options -l proc -xa 'fresh unmasked bind' -d 'Choose what /proc and /sys show inside'
complete -c sandbox -n __sandbox_in_options -l explain -d 'Say at the end what was refused, and which option would allow it'
complete -c sandbox -n __sandbox_in_options -l cap-add -xa 'ALL CHOWN DAC_OVERRIDE DAC_READ_SEARCH FOWNER FSETID KILL SETGID SETUID SETPCAP LINUX_IMMUTABLE NET_BIND_SERVICE NET_BROADCAST NET_ADMIN NET_RAW IPC_LOCK IPC_OWNER SYS_MODULE SYS_RAWIO SYS_CHROOT SYS_PTRACE SYS_PACCT SYS_ADMIN SYS_BOOT SYS_NICE SYS_RESOURCE SYS_TIME SYS_TTY_CONFIG MKNOD LEASE AUDIT_WRITE AUDIT_CONTROL SETFCAP MAC_OVERRIDE MAC_ADMIN SYSLOG WAKE_ALARM BLOCK_SUSPEND AUDIT_READ PERFMON BPF CHECKPOINT_RESTORE' -d 'Give the command capability NAME, inside its own user namespace'
complete -c sandbox -n __sandbox_in_options -l cap-drop -xa 'ALL CHOWN DAC_OVERRIDE DAC_READ_SEARCH FOWNER FSETID KILL SETGID SETUID SETPCAP LINUX_IMMUTABLE NET_BIND_SERVICE NET_BROADCAST NET_ADMIN NET_RAW IPC_LOCK IPC_OWNER SYS_MODULE SYS_RAWIO SYS_CHROOT SYS_PTRACE SYS_PACCT SYS_ADMIN SYS_BOOT SYS_NICE SYS_RESOURCE SYS_TIME SYS_TTY_CONFIG MKNOD LEASE AUDIT_WRITE AUDIT_CONTROL SETFCAP MAC_OVERRIDE MAC_ADMIN SYSLOG WAKE_ALARM BLOCK_SUSPEND AUDIT_READ PERFMON BPF CHECKPOINT_RESTORE' -d 'Take capability NAME from the command'
complete -c sandbox -n __sandbox_in_options -l ulimit -xa 'as= core= cpu= data= fsize= locks= memlock= msgqueue= nice= nofile= nproc= rss= rtprio= rttime= sigpending= stack=' -d 'Set a resource limit, such as nofile=1024:4096'
complete -c sandbox -n __sandbox_in_options -s m -l memory -x -d 'Let all processes inside together have SIZE of memory, such as 512m'
complete -c sandbox -n __sandbox_in_options -l memory-swap -x -d 'Let memory and swap together be SIZE; by default there is no swap'
complete -c sandbox -n __sandbox_in_options -l cpus -x -d 'Let all processes inside together use as much as NUMBER CPUs, such as 1.5'
complete -c sandbox -n __sandbox_in_options -l cpuset -x -d 'Run on these CPUs only, such as 0-3,5'
complete -c sandbox -n __sandbox_in_options -l pids-limit -x -d 'Let there be at most NUMBER processes and threads inside'
complete -c sandbox -n __sandbox_in_options -l io-weight -x -d 'Take this share of the disk\'s time, 1 to 10000; others have 100'
complete -c sandbox -n __sandbox_in_options -l limits -xa 'auto systemd cgroup best-effort' -d 'Choose how limits are enforced'
complete -c sandbox -n __sandbox_in_options -l timeout -x -d 'End the command when it has run for SPAN, such as 90s or 5m'
complete -c sandbox -n __sandbox_in_options -l timeout-grace -x -d 'Wait this long between SIGTERM and SIGKILL; 5 seconds by default'
complete -c sandbox -n __sandbox_in_options -l cpu-time -x -d 'End what has used the CPU for SPAN'
complete -c sandbox -n __sandbox_in_options -l nice -x -d 'Be nicer to others by NUMBER, 0 to 19'
complete -c sandbox -n __sandbox_in_options -l oom-score-adj -x -d 'Be ended earlier when the machine runs out of memory, up to 1000'
complete -c sandbox -n __sandbox_in_options -l name -x -d 'Call the sandbox NAME, for sandbox exec, ps, logs, wait, kill, rm'
complete -c sandbox -n __sandbox_in_options -s d -l detach -d 'Start the command in the background, print its name, and leave'
complete -c sandbox -n __sandbox_in_options -l log-size -x -d 'Keep so much of what a detached command says; 4m by default'
complete -c sandbox -n __sandbox_in_options -l init -d 'Run a small init as process 1, which reaps orphans; the default'
complete -c sandbox -n __sandbox_in_options -l as-pid-1 -d 'Run the command itself as process 1, without an init'
complete -c sandbox -n __sandbox_in_options -l die-with-parent -d 'End the sandbox when the process that started it ends'
complete -c sandbox -n __sandbox_in_options -l pass-fd -x -d 'Leave the command the caller\'s descriptor FD, under the same number'
complete -c sandbox -n __sandbox_in_options -l no-tty -d 'Hand the caller\'s terminal in as it is, instead of one of the sandbox\'s own'
complete -c sandbox -n __sandbox_in_options -l meta -rF -d 'Write to FILE, as JSON, how the command ended and what it used'
complete -c sandbox -n __sandbox_in_options -l json-status-fd -x -d 'Write to descriptor FD, as lines of JSON, that it runs and how it ended'
complete -c sandbox -n __sandbox_in_options -l info-fd -x -d 'Write to descriptor FD, as JSON, process 1 and its namespaces, and close it'
complete -c sandbox -n __sandbox_in_options -l print-enforced -rF -d 'Write to FILE or descriptor FD, as JSON, what is really in force, before the command runs'
complete -c sandbox -n __sandbox_in_options -l dry-run -d 'Print every step and what it is there for, and do nothing'
complete -c sandbox -n __sandbox_in_options -s v -l verbose -d 'Say on standard error what is being done'
complete -c sandbox -n __sandbox_in_options -s h -l help -d 'Print this help'
complete -c sandbox -n __sandbox_in_options -l version -d 'Print the version'
