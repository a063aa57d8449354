# bash completion for sandbox(1)              -*- shell-script -*-
# Generated from the option table by `make generated`; do not edit.

# Complete $cur as the value of option $1.
_sandbox_value()
{
	case $1 in
	--profile)
		if [[ $cur == */* ]]; then
			compopt -o filenames
			mapfile -t COMPREPLY < <(compgen -f -- "$cur")
		else
			mapfile -t COMPREPLY < <(compgen -W "$(sandbox profile list 2>/dev/null |
				cut -d' ' -f1)" -- "$cur")
		fi
		;;
	--layer)
		mapfile -t COMPREPLY < <(compgen -W 'auto memory disk fuse' -- "$cur")
		;;
	--lower)
		compopt -o filenames
		mapfile -t COMPREPLY < <(compgen -d -- "$cur")
		;;
	--bind)
		compopt -o filenames
		mapfile -t COMPREPLY < <(compgen -f -- "$cur")
		;;
	--bind-try)
		compopt -o filenames
		mapfile -t COMPREPLY < <(compgen -f -- "$cur")
		;;
	--ro-bind)
		compopt -o filenames
		mapfile -t COMPREPLY < <(compgen -f -- "$cur")
		;;
	--ro-bind-try)
		compopt -o filenames
		mapfile -t COMPREPLY < <(compgen -f -- "$cur")
		;;
	--dev-bind)
		compopt -o filenames
		mapfile -t COMPREPLY < <(compgen -f -- "$cur")
		;;
	--dev-bind-try)
		compopt -o filenames
		mapfile -t COMPREPLY < <(compgen -f -- "$cur")
		;;
	--workdir)
		compopt -o filenames
		mapfile -t COMPREPLY < <(compgen -d -- "$cur")
		;;
	-e | --env)
		mapfile -t COMPREPLY < <(compgen -v -- "$cur")
		;;
	--unsetenv)
		mapfile -t COMPREPLY < <(compgen -v -- "$cur")
		;;
	--env-file)
		compopt -o filenames
		mapfile -t COMPREPLY < <(compgen -f -- "$cur")
		;;
	--userns)
		mapfile -t COMPREPLY < <(compgen -W 'auto keep-id single fakeroot' -- "$cur")
		;;
	--user)
		mapfile -t COMPREPLY < <(compgen -u -- "$cur")
		;;
	--net | --network)
		mapfile -t COMPREPLY < <(compgen -W 'none slirp4netns slirp pasta host' -- "$cur")
		;;
	--net-log)
		compopt -o filenames
		mapfile -t COMPREPLY < <(compgen -f -- "$cur")
		;;
	--ca-certificates)
		compopt -o filenames
		mapfile -t COMPREPLY < <(compgen -f -- "$cur")
		;;
	--ipc)
		mapfile -t COMPREPLY < <(compgen -W 'own host' -- "$cur")
		;;
	--home)
		mapfile -t COMPREPLY < <(compgen -W 'none private tmp' -- "$cur")
		;;
	--dbus)
		mapfile -t COMPREPLY < <(compgen -W 'none filtered' -- "$cur")
		;;
	--seccomp)
		compopt -o filenames
		mapfile -t COMPREPLY < <(compgen -W 'default build strict nested sandboxes log unconfined' -- "$cur"; compgen -f -- "$cur")
		;;
	--landlock)
		mapfile -t COMPREPLY < <(compgen -W 'auto require off' -- "$cur")
		;;
	--proc)
		mapfile -t COMPREPLY < <(compgen -W 'fresh unmasked bind' -- "$cur")
		;;
	--cap-add)
		mapfile -t COMPREPLY < <(compgen -W 'ALL CHOWN DAC_OVERRIDE DAC_READ_SEARCH FOWNER FSETID KILL SETGID SETUID SETPCAP LINUX_IMMUTABLE NET_BIND_SERVICE NET_BROADCAST NET_ADMIN NET_RAW IPC_LOCK IPC_OWNER SYS_MODULE SYS_RAWIO SYS_CHROOT SYS_PTRACE SYS_PACCT SYS_ADMIN SYS_BOOT SYS_NICE SYS_RESOURCE SYS_TIME SYS_TTY_CONFIG MKNOD LEASE AUDIT_WRITE AUDIT_CONTROL SETFCAP MAC_OVERRIDE MAC_ADMIN SYSLOG WAKE_ALARM BLOCK_SUSPEND AUDIT_READ PERFMON BPF CHECKPOINT_RESTORE' -- "$cur")
		;;
	--cap-drop)
		mapfile -t COMPREPLY < <(compgen -W 'ALL CHOWN DAC_OVERRIDE DAC_READ_SEARCH FOWNER FSETID KILL SETGID SETUID SETPCAP LINUX_IMMUTABLE NET_BIND_SERVICE NET_BROADCAST NET_ADMIN NET_RAW IPC_LOCK IPC_OWNER SYS_MODULE SYS_RAWIO SYS_CHROOT SYS_PTRACE SYS_PACCT SYS_ADMIN SYS_BOOT SYS_NICE SYS_RESOURCE SYS_TIME SYS_TTY_CONFIG MKNOD LEASE AUDIT_WRITE AUDIT_CONTROL SETFCAP MAC_OVERRIDE MAC_ADMIN SYSLOG WAKE_ALARM BLOCK_SUSPEND AUDIT_READ PERFMON BPF CHECKPOINT_RESTORE' -- "$cur")
		;;
	--ulimit)
		compopt -o nospace
		mapfile -t COMPREPLY < <(compgen -W 'as= core= cpu= data= fsize= locks= memlock= msgqueue= nice= nofile= nproc= rss= rtprio= rttime= sigpending= stack=' -- "$cur")
		;;
	--limits)
		mapfile -t COMPREPLY < <(compgen -W 'auto systemd cgroup best-effort' -- "$cur")
		;;
	--meta)
		compopt -o filenames
		mapfile -t COMPREPLY < <(compgen -f -- "$cur")
		;;
	--print-enforced)
		compopt -o filenames
		mapfile -t COMPREPLY < <(compgen -f -- "$cur")
		;;
	--rw | --read-only | --allow-home | --keep-env | --keep-groups | --allow-aliases | --wayland | --wayland-try | --x11 | --x11-try | --audio | --audio-try | --microphone | --gpu | --gpu-try | --camera | --camera-try | --input | --input-try | --host-look | --auto-args | --downloads | --documents | --confine-only | --explain | -d | --detach | --init | --as-pid-1 | --die-with-parent | --no-tty | --dry-run | -v | --verbose | -h | --help | --version)
		mapfile -t COMPREPLY < <(compgen -W 'true false' -- "$cur")
		;;
	esac
}

_sandbox_takes_value()
{
	case $1 in
	--profile | --layer | --overlay | --overlay-size | --lower | --bind | --bind-try | --ro-bind | --ro-bind-try | --dev-bind | --dev-bind-try | --tmpfs | --mask | --symlink | --mkdir | --file | --workdir | -e | --env | --unsetenv | --env-file | --userns | --user | --uidmap | --gidmap | --net | --network | --allow-net | --deny-net | --connect-tcp | --bind-tcp | --net-log | --allow-host-port | -p | --publish | --dns | --dns-search | --ca-certificates | --hostname | --boottime-offset | --monotonic-offset | --ipc | --usb | --usb-try | --application | --home | --dbus | --dbus-talk | --dbus-own | --dbus-see | --dbus-call | --seccomp | --landlock | --proc | --cap-add | --cap-drop | --ulimit | -m | --memory | --memory-swap | --cpus | --cpuset | --pids-limit | --io-weight | --limits | --timeout | --timeout-grace | --cpu-time | --nice | --oom-score-adj | --name | --log-size | --pass-fd | --meta | --json-status-fd | --info-fd | --print-enforced) return 0 ;;
	esac
	return 1
}

# The command and its arguments, behind ROOTFS; $1 is the number of the command's word.
_sandbox_command()
{
	compopt -o filenames
	if (($1 == COMP_CWORD)) && [[ $cur != */* ]]; then
		mapfile -t COMPREPLY < <(compgen -c -- "$cur")
	else
		mapfile -t COMPREPLY < <(compgen -f -- "$cur")
	fi
}

_sandbox_profile_verb()
{
	if ((COMP_CWORD == 2)); then
		mapfile -t COMPREPLY < <(compgen -W 'list show check trust distrust' -- "$cur")
	elif [[ ${COMP_WORDS[2]} == show ]]; then
		_sandbox_value --profile
	elif [[ ${COMP_WORDS[2]} == @(check|trust|distrust) ]]; then
		compopt -o filenames
		mapfile -t COMPREPLY < <(compgen -f -- "$cur")
	fi
}

_sandbox_desktop_verb()
{
	local before=${COMP_WORDS[COMP_CWORD - 1]} word
	if ((COMP_CWORD == 2)); then
		mapfile -t COMPREPLY < <(compgen -W 'install remove list' -- "$cur")
	elif [[ $before == --profile ]]; then
		_sandbox_value --profile
	elif [[ ${COMP_WORDS[2]} == remove ]]; then
		word=$(sandbox desktop list 2>/dev/null | cut -f 1)
		mapfile -t COMPREPLY < <(compgen -W "$word" -- "$cur")
	elif [[ ${COMP_WORDS[2]} == install ]]; then
		compopt -o filenames
		mapfile -t COMPREPLY < <(compgen -W --profile -- "$cur"; compgen -f -- "$cur")
	fi
}

# A sandbox by name, after the options of its verb; behind it, for exec, a command.
_sandbox_life_verb()
{
	local verb=${COMP_WORDS[1]} i=2 words=''
	case $verb in
	ps) words='--all --json' ;;
	exec) words='--env --user --workdir --no-tty' ;;
	kill) words='--signal' ;;
	logs) words='--follow' ;;
	rm) words='--force' ;;
	esac
	while ((i < COMP_CWORD)) && [[ ${COMP_WORDS[i]} == -* ]]; do
		case ${COMP_WORDS[i]} in -e | --env | --user | --workdir | -s | --signal) ((i++)) ;; esac
		((i++))
	done
	if ((i < COMP_CWORD)); then
		[[ $verb != exec ]] || mapfile -t COMPREPLY < <(compgen -c -- "$cur")
	elif [[ ${COMP_WORDS[COMP_CWORD - 1]} == @(-s|--signal) ]]; then
		mapfile -t COMPREPLY < <(compgen -A signal -- "$cur")
	elif ((i == COMP_CWORD)) && [[ $cur == -* || $verb == ps ]]; then
		mapfile -t COMPREPLY < <(compgen -W "$words" -- "$cur")
	elif ((i == COMP_CWORD)); then
		mapfile -t COMPREPLY < <(compgen -W "$(sandbox ps -a 2>/dev/null |
			tail -n +2 | cut -d' ' -f1)" -- "$cur")
	fi
}

_sandbox()
{
	local cur=${COMP_WORDS[COMP_CWORD]} i=1 option
	local options='--profile --rw --read-only --layer --overlay --overlay-size --lower --bind --bind-try --ro-bind --ro-bind-try --dev-bind --dev-bind-try --tmpfs --mask --symlink --mkdir --file --allow-home --workdir --env -e --unsetenv --env-file --keep-env --userns --user --uidmap --gidmap --keep-groups --network --net --allow-net --deny-net --connect-tcp --bind-tcp --allow-aliases --net-log --allow-host-port --publish -p --dns --dns-search --ca-certificates --hostname --boottime-offset --monotonic-offset --ipc --wayland --wayland-try --x11 --x11-try --audio --audio-try --microphone --gpu --gpu-try --camera --camera-try --input --input-try --usb --usb-try --host-look --application --home --auto-args --downloads --documents --dbus --dbus-talk --dbus-own --dbus-see --dbus-call --seccomp --landlock --confine-only --proc --explain --cap-add --cap-drop --ulimit --memory -m --memory-swap --cpus --cpuset --pids-limit --io-weight --limits --timeout --timeout-grace --cpu-time --nice --oom-score-adj --name --detach -d --log-size --init --as-pid-1 --die-with-parent --pass-fd --no-tty --meta --json-status-fd --info-fd --print-enforced --dry-run --verbose -v --help -h --version'
	COMPREPLY=()
	case ${COMP_WORDS[1]} in
	profile)
		_sandbox_profile_verb
		return
		;;
	desktop)
		_sandbox_desktop_verb
		return
		;;
	ps | exec | wait | kill | logs | rm)
		if ((COMP_CWORD > 1)); then
			_sandbox_life_verb
			return
		fi
		;;
	run) ((COMP_CWORD > 1)) && i=2 ;;
	esac
	while ((i < COMP_CWORD)); do
		option=${COMP_WORDS[i++]}
		case $option in
		--) break ;;
		-*) ;;
		*)
			_sandbox_command "$i"
			return
			;;
		esac
		_sandbox_takes_value "$option" || [[ ${COMP_WORDS[i]} == '=' ]] || continue
		[[ ${COMP_WORDS[i]} == '=' ]] && ((i++))
		if ((i >= COMP_CWORD)); then
			[[ $cur == '=' ]] && cur=
			_sandbox_value "$option"
			return
		fi
		((i++))
		while ((i <= COMP_CWORD)) && [[ ${COMP_WORDS[i]} == [:=]* ]]; do
			((i += 2))
			if ((i > COMP_CWORD)); then
				[[ $cur == [:=]* ]] && cur=
				compopt -o filenames
				mapfile -t COMPREPLY < <(compgen -f -- "$cur")
				return
			fi
		done
	done
	if [[ $cur == -* && $option != -- ]]; then
		mapfile -t COMPREPLY < <(compgen -W "$options" -- "$cur")
	else
		compopt -o filenames
		mapfile -t COMPREPLY < <(
			((COMP_CWORD == 1)) && compgen -W 'run exec ps wait kill logs rm profile desktop' -- "$cur"
			compgen -d -- "$cur"
		)
	fi
}
complete -F _sandbox sandbox
