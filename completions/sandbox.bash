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
		mapfile -t COMPREPLY < <(compgen -W 'auto memory disk' -- "$cur")
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
		mapfile -t COMPREPLY < <(compgen -W 'auto keep-id single' -- "$cur")
		;;
	--user)
		mapfile -t COMPREPLY < <(compgen -u -- "$cur")
		;;
	--net | --network)
		mapfile -t COMPREPLY < <(compgen -W 'none host' -- "$cur")
		;;
	--seccomp)
		mapfile -t COMPREPLY < <(compgen -W 'default build strict unconfined' -- "$cur")
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
	--rw | --read-only | --allow-home | --keep-env | --keep-groups | --init | --as-pid-1 | --die-with-parent | --dry-run | -v | --verbose | -h | --help | --version)
		mapfile -t COMPREPLY < <(compgen -W 'true false' -- "$cur")
		;;
	esac
}

_sandbox_takes_value()
{
	case $1 in
	--profile | --layer | --bind | --bind-try | --ro-bind | --ro-bind-try | --dev-bind | --dev-bind-try | --tmpfs | --mask | --symlink | --mkdir | --file | --workdir | -e | --env | --unsetenv | --env-file | --userns | --user | --uidmap | --gidmap | --net | --network | --hostname | --boottime-offset | --monotonic-offset | --seccomp | --cap-add | --cap-drop | --ulimit) return 0 ;;
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
		mapfile -t COMPREPLY < <(compgen -W 'list show check' -- "$cur")
	elif [[ ${COMP_WORDS[2]} == show ]]; then
		_sandbox_value --profile
	elif [[ ${COMP_WORDS[2]} == check ]]; then
		compopt -o filenames
		mapfile -t COMPREPLY < <(compgen -f -- "$cur")
	fi
}

_sandbox()
{
	local cur=${COMP_WORDS[COMP_CWORD]} i=1 option
	local options='--profile --rw --read-only --layer --bind --bind-try --ro-bind --ro-bind-try --dev-bind --dev-bind-try --tmpfs --mask --symlink --mkdir --file --allow-home --workdir --env -e --unsetenv --env-file --keep-env --userns --user --uidmap --gidmap --keep-groups --network --net --hostname --boottime-offset --monotonic-offset --seccomp --cap-add --cap-drop --ulimit --init --as-pid-1 --die-with-parent --dry-run --verbose -v --help -h --version'
	COMPREPLY=()
	case ${COMP_WORDS[1]} in
	profile)
		_sandbox_profile_verb
		return
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
			((COMP_CWORD == 1)) && compgen -W 'run profile' -- "$cur"
			compgen -d -- "$cur"
		)
	fi
}
complete -F _sandbox sandbox
