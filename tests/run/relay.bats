# The relay by itself, between this namespace and one that the test makes: what it carries, what it
# refuses, and what it may do. relay.py has the cases; each raises what is wrong.
load ../lib

setup() {
	lib_setup
	require_program python3
}

case_of() {
	run --separate-stderr python3 "$PROJECT/tests/run/relay.py" "$(dirname "$SANDBOX")/libexec/relay" "$1"
	assert_success
	assert_equal "$output$stderr" ''
}

@test "published TCP: to a server inside, from the other namespace" { case_of publish_tcp; }
@test "published TCP: to a server that listens on [::1] alone" { case_of publish_tcp_ipv6_server; }
@test "published UDP: each client has its own way, there and back" { case_of publish_udp; }
@test "published UDP: sizes from nothing to 65507 bytes" { case_of udp_sizes; }
@test "published UDP: the answer comes from the address that was asked" { case_of udp_reply_address; }
@test "published UDP: a server that is away for a while" { case_of udp_refused; }
@test "published UDP: more clients than places, the oldest make room" { case_of udp_peers; }
@test "a host's TCP service, from 127.0.0.1 and [::1] inside, and no other port" { case_of host_tcp; }
@test "a host's TCP service that listens on [::1] alone" { case_of host_tcp_ipv6_service; }
@test "a host's UDP service, on either address" { case_of host_udp; }
@test "a host's service where IPv6 is switched off inside" { case_of host_without_ipv6; }
@test "one side's end is passed on, and the other goes on" { case_of half_close; }
@test "resets are passed on, either way and through a full connection" { case_of resets; }
@test "nobody listens inside: the client sees a reset, the relay stays" { case_of refused; }
@test "nobody listens inside, and then somebody does" { case_of refused_then_there; }
@test "nobody listens inside: the relay's own end does not answer either" { case_of itself; }
@test "200 connections at once" { case_of parallel; }
@test "300 MB each way at once arrive as they were sent" { case_of bulk; }
@test "a reader that does not read: no memory, no spinning, nothing lost" { case_of slow_reader; }
@test "a reader that reads after the other's end: no spinning, nothing lost" { case_of slow_reader_after_end; }
@test "a connection at rest wakes nobody" { case_of idle; }
@test "end of the exit descriptor: gone at once, live connections are reset" { case_of exit_fd; }
@test "end of the exit descriptor under load" { case_of exit_under_load; }
@test "what was written before the end still arrives" { case_of last_words; }
@test "SIGKILL leaves nothing behind, other signals do nothing" { case_of killed; }
@test "64 descriptors and 100 clients: they wait, nothing spins, all are served" { case_of descriptor_limit; }
@test "32 descriptors and 100 clients of UDP: the oldest make room" { case_of descriptor_limit_udp; }
@test "a thousand rules" { case_of many_rules; }
@test "no capability, no new privileges, a filter, no core, not dumpable" { case_of confined; }
@test "nothing else that was open stays open" { case_of nothing_kept; }
@test "namespaces by two descriptors in place of a pidfd" { case_of namespace_descriptors; }
@test "an address inside that is taken is an error that names it" { case_of address_in_use; }
@test "namespaces that cannot be entered are an error" { case_of sandbox_gone; }
@test "bad arguments are refused" { case_of bad_rules; }
