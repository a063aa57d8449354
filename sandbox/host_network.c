/* Facts about the host's network, and who makes the sandbox one: see host.h. */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <ifaddrs.h>
#include <limits.h>
#include <net/if.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "files.h"
#include "host.h"
#include "installed.h"
#include "spawn.h"

enum { MAX_RESOLV_CONF = 1 << 16 };

/* Where distributions keep the certificate authorities as one file: Debian and Arch, Fedora, SUSE,
 * Alpine and OpenBSD's libraries. */
static const char *const bundles[] = {
	"etc/ssl/certs/ca-certificates.crt",
	"etc/pki/tls/certs/ca-bundle.crt",
	"etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
	"etc/ssl/ca-bundle.pem",
	"etc/ssl/cert.pem",
};

static bool has_content(int fd)
{
	struct stat st;

	return fd >= 0 && fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_size > 0;
}

static bool root_has_bundle(int root)
{
	for (size_t i = 0; i < sizeof bundles / sizeof *bundles; i++) {
		int cleanup_fd fd = open_in(root, bundles[i], O_PATH);

		if (has_content(fd))
			return true;
	}
	return false;
}

/* Its path without links, which is how it will be opened, in host->ca_bundle; none where there is
 * no such file. -1 and errno. */
static int find_bundle(struct host *host, const char *path)
{
	char real[PATH_MAX];
	struct stat st;
	int cleanup_fd fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);

	if (fd < 0)
		return is_out_of_reach(errno) ? 0 : -1;
	if (fstat(fd, &st) < 0)
		return -1;
	if (!S_ISREG(st.st_mode) || st.st_size == 0)
		return 0;
	if (!realpath(path, real))
		return is_out_of_reach(errno) ? 0 : -1;
	host->ca_bundle = arena_strdup(&host->arena, real);
	return 0;
}

static int look_for_bundles(struct host *host)
{
	for (size_t i = 0; !host->ca_bundle && i < sizeof bundles / sizeof *bundles; i++)
		if (find_bundle(host, arena_printf(&host->arena, "/%s", bundles[i])) < 0)
			return -1;
	return 0;
}

static int find_certificates(struct host *host, const struct config *config, int root,
			     struct error *err)
{
	const char *wanted = config->ca_certificates;

	host->rootfs_has_ca = root_has_bundle(root);
	if (wanted && strcmp(wanted, "none") == 0)
		return 0;
	if (wanted && *wanted == '/') {
		if (find_bundle(host, wanted) < 0)
			return fail(err, "use the certificate authorities in %s", wanted);
		if (!host->ca_bundle)
			return fail_because(
				err,
				"cannot use the certificate authorities in %s: it is no "
				"file that can be read, or is empty",
				wanted);
		return 0;
	}
	if (look_for_bundles(host) < 0)
		return fail(err, "look for this machine's certificate authorities");
	if (wanted && !host->ca_bundle) {
		fail_because(err, "--ca-certificates=host: this machine has no certificate "
				  "authorities in any place that is known");
		return fail_remedy(err,
				   "run: sudo apt-get install ca-certificates, or name a file");
	}
	return 0;
}

/* As text, since the rules are text; scoped (link-local) ones cannot be reached through a tap. */
static int find_addresses(struct host *host, struct error *err)
{
	struct ifaddrs *all, *one;
	char text[INET6_ADDRSTRLEN];

	if (getifaddrs(&all) < 0)
		return fail(err, "list the addresses of this machine");
	for (one = all; one; one = one->ifa_next) {
		const struct sockaddr *address = one->ifa_addr;
		const void *bytes = NULL;

		if (!address || one->ifa_flags & IFF_LOOPBACK)
			continue;
		if (address->sa_family == AF_INET)
			bytes = &((const struct sockaddr_in *)address)->sin_addr;
		else if (address->sa_family == AF_INET6 &&
			 !IN6_IS_ADDR_LINKLOCAL(&((const struct sockaddr_in6 *)address)->sin6_addr))
			bytes = &((const struct sockaddr_in6 *)address)->sin6_addr;
		if (!bytes || !inet_ntop(address->sa_family, bytes, text, sizeof text))
			continue;
		*ARENA_APPEND(&host->arena, host->addresses, host->addresses_count) =
			arena_strdup(&host->arena, text);
	}
	freeifaddrs(all);
	return 0;
}

int host_probe_network(struct host *host, const struct config *config, int root, struct error *err)
{
	bool own = config->network == NETWORK_SLIRP4NETNS || config->network == NETWORK_PASTA;

	if (config->publish_count || config->host_ports_count)
		host->relay = installed_path(&host->arena, NULL, "libexec/sandbox/relay");
	if ((own || config->network == NETWORK_HOST || config->ca_certificates) &&
	    find_certificates(host, config, root, err) < 0)
		return -1;
	if (!own && config->network != NETWORK_HOST)
		return 0;
	host->resolv_conf = read_file(&host->arena, "/etc/resolv.conf", MAX_RESOLV_CONF, NULL);
	/* What is no file, or too long for one, names no server either. */
	if (!host->resolv_conf && !is_out_of_reach(errno) && errno != EINVAL && errno != EFBIG)
		return fail(err, "read /etc/resolv.conf");
	if (!own)
		return 0;
	host->resolv_conf_missing =
		faccessat(AT_FDCWD, "/etc/resolv.conf", F_OK, AT_SYMLINK_NOFOLLOW) < 0;
	if (host->resolv_conf_missing && !is_out_of_reach(errno))
		return fail(err, "look for /etc/resolv.conf");
	if (config->network == NETWORK_SLIRP4NETNS)
		host->slirp4netns = spawn_find(&host->arena, "slirp4netns");
	if (!host->slirp4netns)
		host->pasta = spawn_find(&host->arena, "pasta");
	if (config->egress_count)
		host->egress = installed_path(&host->arena, NULL, "libexec/sandbox/egress");
	return find_addresses(host, err);
}
