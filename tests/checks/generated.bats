# The manual and the completions are what the option table says, and shells can read them; the shipped
# profiles are without mistakes.
load ../lib

@test "generated texts are up to date" {
	run "$PROJECT/docs/generate" "$TESTS_BUILD/gendocs" "$PROJECT" check
	assert_success
}

@test "a stale text is noticed" {
	mkdir -p "$scratch/docs" "$scratch/completions"
	cp "$PROJECT"/docs/sandbox.1* "$scratch/docs/"
	cp "$PROJECT"/completions/* "$scratch/completions/"
	echo '# more' >>"$scratch/completions/sandbox.fish"
	run "$PROJECT/docs/generate" "$TESTS_BUILD/gendocs" "$scratch" check
	assert_equal "$status" 1
	assert_output_has 'run: make generated'
}

@test "the manual has no error that man finds" {
	require 'man' command -v man
	run env MANWIDTH=80 man --warnings -l "$PROJECT/docs/sandbox.1"
	assert_success
	assert_output_lacks 'warning:'
	assert_output_has '--keep-groups'
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
	assert_equal "$(complete_words --net | sort | paste -sd ' ')" '--net --network'
	assert_equal "$(complete_words --network '' | paste -sd ' ')" 'none host'
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

@test "each shipped profile passes its own check" {
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
