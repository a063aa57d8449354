# The manual and the completions are what the option table says, and shells can read them; the shipped
# profiles are without mistakes.
load ../lib

@test "generated texts are up to date" {
	run "$PROJECT/docs/generate" "$TESTS_BUILD/gendocs" "$PROJECT" check
	assert_success
}

@test "each case of an attack has a test, and each attack a case" {
	run "$PROJECT/tests/attack/table" check
	assert_success
	assert_output ''
	# It notices.
	cp -r "$PROJECT/tests" "$scratch/tests"
	chmod -R u+w "$scratch/tests"
	sed -i '0,/^# case: /{/^# case: /d}' "$scratch/tests/attack/words.bats"
	sed -i '0,/^# case: /s//# case: no such /' "$scratch/tests/attack/binds.bats"
	run "$scratch/tests/attack/table" check
	assert_equal "$status" 1
	assert_output_has 'words.bats: of no case' 'binds.bats: no such case'
}

@test "a stale text is noticed" {
	mkdir -p "$scratch/docs" "$scratch/completions"
	cp "$PROJECT"/docs/sandbox*.[15]* "$scratch/docs/"
	cp "$PROJECT"/completions/* "$scratch/completions/"
	echo '# more' >>"$scratch/completions/sandbox.fish"
	run "$PROJECT/docs/generate" "$TESTS_BUILD/gendocs" "$scratch" check
	assert_equal "$status" 1
	assert_output_has 'run: make generated'
}

@test "the manuals have no error that man finds" {
	local page
	require 'man' command -v man
	for page in "$PROJECT"/docs/*.[15]; do
		run env MANWIDTH=80 man --warnings -l "$page"
		assert_success
		assert_output_lacks 'warning:'
		assert_output_has 'SEE ALSO' 'sandbox'
	done
}

@test "the manual of profiles names each option once: as a key, or as what cannot be one" {
	local names
	names=$(sed -n '/^\.SH KEYS/,/^\.SH FILES/s/^\\fB\(.*\)\\fR[,.]*$/\1/p' "$PROJECT/docs/sandbox-profile.5" | sed 's,\\-,-,g' | sort)
	assert_equal "$names" "$(sed -n 's/^\t\t\t\.name = "\(.*\)",$/\1/p' "$PROJECT/sandbox/options_table.c" | sort)"
}

@test "bash can read its completions" {
	bash -n "$PROJECT/completions/sandbox.bash"
}

@test "zsh can read its completions" {
	require 'zsh' command -v zsh
	zsh -n "$PROJECT/completions/_sandbox"
}

@test "fish can read its completions" {
	require 'fish' command -v fish
	fish -n "$PROJECT/completions/sandbox.fish"
}

# complete WORD...: what bash offers for the last word; the words are cut as readline does it.
complete_words() {
	bash -c '
		source "$1"
		compopt() { :; }
		sandbox() { "$SANDBOX" "$@"; }
		shift
		COMP_WORDS=(sandbox "$@") COMP_CWORD=$#
		_sandbox
		printf "%s\n" "${COMPREPLY[@]}"' bash "$PROJECT/completions/sandbox.bash" "$@"
}

@test "bash completion: options, choices, files, profiles, the command" {
	touch file.txt
	mkdir dir
	assert_equal "$(complete_words --net | sort | paste -sd ' ')" '--net --net-log --network'
	assert_equal "$(complete_words --network '' | paste -sd ' ')" 'none slirp4netns slirp pasta host'
	assert_equal "$(complete_words --network = h)" host
	assert_equal "$(complete_words run --seccomp = | head -n 1)" default
	assert_equal "$(complete_words --bind 'fi')" file.txt
	assert_equal "$(complete_words --bind dir : 'fi')" file.txt
	assert_equal "$(complete_words --bind = a : /b : ro --layer d)" disk
	assert_equal "$(complete_words --workdir '')" dir
	assert_equal "$(complete_words --rw = t)" true
	assert_equal "$(complete_words --profile buil)" build
	assert_equal "$(complete_words --ulimit nof)" nofile=
	assert_equal "$(complete_words --cap-drop NET_AD)" NET_ADMIN
	assert_equal "$(complete_words profile sh)" show
	assert_equal "$(complete_words / ls --net)" ''
}

@test "bash completion: verbs, names of sandboxes, signals" {
	assert_equal "$(complete_words 'k')" kill
	"$SANDBOX" -d --name web --userns=single / sleep 1000 >/dev/null 3>&-
	assert_equal "$(complete_words exec '')" web
	assert_equal "$(complete_words kill -s TERM w)" web
	assert_equal "$(complete_words kill -s SIGKI)" SIGKILL
	assert_equal "$(complete_words logs --f)" --follow
	assert_equal "$(complete_words exec --user x -e A=b w)" web
	assert_equal "$(complete_words exec web 'busyb' | sort -u)" busybox
	assert_equal "$(complete_words ps --j)" --json
	"$SANDBOX" rm -f web
}

@test "each shipped profile passes its own check" {
	# Those of package managers ask what server the caller has set.
	NPM_CONFIG_REGISTRY=https://npm.example.org/ PIP_INDEX_URL=https://pip.example.org/simple \
		SANDBOX_CARGO_REGISTRY=index.example.org,files.example.org \
		sandbox profile check "$PROJECT"/profiles/*.conf
	assert_success
}

@test "the profile default has no keys: it tells what is built in" {
	run grep -v '^#' "$PROJECT/profiles/default.conf"
	assert_equal "$output" ''
}

@test "build shows the working directory, writable, and nothing else of the host" {
	sandbox profile show build
	assert_success
	assert_equal "$(grep -E '^(ro-|dev-)?bind' <<<"$output")" "bind = $PWD"
}
