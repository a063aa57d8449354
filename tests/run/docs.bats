# Every command of the pages for users, as a plain user; what they print is compared where the page shows it.
# Where a block wants the network or a Debian, programs of tests/docs/stand-ins answer instead; `make check-docs`
# runs these too for real (DOCS=real), but for `git clone URL`, which copies the tree.
load ../lib

setup() {
	lib_setup
	unset XDG_DATA_HOME XDG_CONFIG_HOME
	export HOME=$scratch/home
	mkdir -p "$HOME/.local/bin" work
	cd work || return
}

# page NAME: with the program under test in PATH.
page() {
	local stand_ins=$PROJECT/tests/docs/stand-ins
	if [ "${DOCS-}" = real ]; then
		mkdir "$scratch/stand-ins"
		ln -s "$stand_ins/git" "$scratch/stand-ins/git"
		stand_ins=$scratch/stand-ins
	fi
	PATH=$(dirname "$SANDBOX"):$PATH
	run "$PROJECT/tests/docs/run-page" "$PROJECT/docs/$1" "$stand_ins"
	assert_success
	assert_output_has '^[1-9][0-9]* blocks run$'
}

@test "a tutorial" { page tutorial.md; }
@test "coming from bubblewrap" { page from-bubblewrap.md; }
@test "coming from firejail" { page from-firejail.md; }
@test "coming from docker and podman" { page from-docker.md; }

# ours PAGE: what is in backquotes in the columns that are about this program. Of a table of flags those are the
# second and third, "plan" and "name", of the first table the third, "name".
ours() {
	awk -F ' *\\| *' '
		function spans(kind, text,    parts, n, i) {
			n = split(text, parts, "`")
			for (i = 2; i <= n; i += 2)
				print kind "\t" parts[i]
		}
		/^\|/ && $3 == "sandbox" { plan = 3; name = 4; next }
		/^\|/ && $4 == "sandbox" { plan = 0; name = 4; next }
		/^\|/ { if (plan) spans("plan", $plan); spans("name", $name) }' "$PROJECT/docs/$1"
}

@test "each flag in a table of flags can be planned, each name in it is one" {
	local page kind text known flag seen=0
	tiny_rootfs
	mkdir src
	touch file
	known=$("$SANDBOX" --help | grep -oE -e '(^| )--?[a-z0-9-]+' | tr -d ' ')
	for page in from-bubblewrap.md from-firejail.md from-docker.md; do
		while IFS=$'\t' read -r kind text; do
			# shellcheck disable=SC2013 # they are words
			for flag in $(grep -oE -e '(^| )--?[a-z][a-z0-9-]*' <<<"$text"); do
				grep -qxFe "$flag" <<<"$known" || [[ $text == sandbox* ]] || fail "$page: '$text': no option $flag"
			done
			[ "$kind" = plan ] || continue
			if [[ $text == 'sandbox '* ]]; then
				"$SANDBOX" "$(cut -d ' ' -f 2 <<<"$text")" --help >/dev/null 2>help || grep -q usage help || fail "$page: $text"
				continue
			fi
			text=$(sed -E -e "s,\\bSRC\\b,$PWD/src,; s,\\b(DEST|PATH)\\b,/dest,; s,\\bDIR\\b,$PWD/src,; s,\\bNAME\\b,name,; s,\\bFILE\\b,$PWD/file," \
				-e "s,\\bFD\\b,9,; s,\\bV\\b,X,; s,\\bTARGET:LINK,/a:/b,; s,\\bCAP\\b,CHOWN,; s,\\bPROFILE\\b,build,; s,\\bOUTSIDE\\b,$(id -u),g" <<<"$text")
			# shellcheck disable=SC2086 # words they are
			sandbox --limits=best-effort --dry-run $text "$root" true 9>&1
			[ "$status" = 0 ] || told "$page: $text"
			seen=$((seen + 1))
		done < <(ours "$page")
	done
	[ "$seen" -gt 80 ] || fail "only $seen flags were found"
}

# examples FILE: the command lines of README.md, or of a manual's EXAMPLES.
examples() {
	case $1 in
	*.md) sed -n 's/^    sandbox \(.*\)/sandbox \1/p' "$1" | sed 's/   *[a-z].*//' ;;
	*) sed -n '/^\.SH EXAMPLES/,/^\.SH SEE/s/^sandbox .*/&/p' "$1" | sed 's/\\-/-/g' ;;
	esac
}

# sandbox_said ARG...: what can be done of an example without its files and its network.
sandbox_said() {
	case $1 in
	profile) "$SANDBOX" "$@" >said ;;
	doctor) "$SANDBOX" "$@" >said || [ $? = 1 ] ;; # 125 is a question that it does not understand
	learn)
		shift
		[[ $1 == -o && $2 == *.conf ]] || return
		"$SANDBOX" --dry-run "${@:3}" >said
		;;
	exec | ps | logs | kill | wait | rm | rootfs | diff | commit | discard | desktop)
		"$SANDBOX" "$1" --help >said 2>&1 || :
		grep -qE "^(usage:|      ) sandbox $1 " said
		;;
	*) "$SANDBOX" --limits=best-effort --dry-run "$@" >said ;;
	esac
}

@test "each example of README.md and of the manuals is planned, its verbs are known" {
	local file line seen=0
	tiny_rootfs rootfs
	mkdir -p ~/data out ~/.config/sandbox/profiles/build.conf.d
	touch question in in.pdf a.out
	sed -n '/^bind = .*ccache/,/^memory/p' "$PROJECT/docs/sandbox-profile.5" >~/.config/sandbox/profiles/build.conf.d/cache.conf
	[ -s ~/.config/sandbox/profiles/build.conf.d/cache.conf ]
	"$SANDBOX" rootfs create busybox debian
	export NPM_CONFIG_REGISTRY=https://npm.example.org/
	sudo() { cat; }
	for file in README.md docs/sandbox.1 docs/sandbox-profile.5 docs/sandbox-doctor.1; do
		while read -r line; do
			eval "${line//sandbox /sandbox_said }" <in >printed || fail "$file: $line"
			seen=$((seen + 1))
		done < <(examples "$PROJECT/$file")
	done
	[ "$seen" -gt 40 ] || fail "only $seen examples were found"
}

# block PAGE WORDS: the indented block that has a line that begins with WORDS, up to the next line of text
block() {
	awk -v words="$2" '
		/^    / || /^$/ { text = text substr($0, 5) "\n"; if (index(substr($0, 5), words) == 1) found = 1; next }
		{ if (found) exit; text = "" }
		END { if (found) printf "%s", text }' "$PROJECT/docs/$1"
}

@test "Kubernetes: the names on the page fit each other, and containerd takes its configuration" {
	local handler
	block kubernetes.md 'kind: RuntimeClass' >class.yaml
	block kubernetes.md 'version = 2' >config.toml
	block kubernetes.md 'kind: Pod' >pod.yaml
	grep -qx 'apiVersion: node.k8s.io/v1' class.yaml
	handler=$(sed -n 's/^handler: //p' class.yaml)
	grep -qxF "[plugins.\"io.containerd.grpc.v1.cri\".containerd.runtimes.$handler]" config.toml
	grep -qxF "[plugins.\"io.containerd.grpc.v1.cri\".containerd.runtimes.$handler.options]" config.toml
	grep -qx "  runtimeClassName: $(sed -n 's/^  name: //p' class.yaml)" pod.yaml
	grep -qx "  BinaryName = \"/usr/bin/$(basename "$(dirname "$SANDBOX")"/sandbox-oci)\"" config.toml
	grep -qx '    sandbox.profile: strict' pod.yaml
	[ -e "$PROJECT/profiles/strict.conf" ]
	! python3 -c 'import tomllib' || python3 -c 'import sys, tomllib
table = tomllib.load(open("config.toml", "rb"))["plugins"]["io.containerd.grpc.v1.cri"]
runtime = table["containerd"]["runtimes"][sys.argv[1]]
assert runtime["runtime_type"] == "io.containerd.runc.v2" and runtime["pod_annotations"] == ["sandbox.profile"], runtime
assert runtime["options"]["SystemdCgroup"] is False, runtime' "$handler"
	! command -v containerd >/dev/null || {
		containerd --config "$PWD/config.toml" config dump >merged
		grep -q 'BinaryName = "/usr/bin/sandbox-oci"' merged
	}
}
