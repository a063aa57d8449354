/* What stands in the host's /etc and is no program's business; supervisor, before the plan, where
 * ROOTFS is /: see host_find_secrets in host.h. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "host.h"

/* What stands in /etc to be kept from programs: looked for here, hidden where the caller can read
 * it (what the caller cannot read, nothing inside can: the ids of its owners are not mapped). */
static const char *const secret_names[] = {
	"shadow",
	"shadow-",
	"gshadow",
	"gshadow-",
	"sudoers",
	"sudoers.d",
	"security/opasswd",
	"ssl/private",
	"pki/tls/private",
	"letsencrypt",
	"krb5.keytab",
	"kubernetes",
	"rancher",
	"wireguard",
	"openvpn",
	"ipsec.secrets",
	"ipsec.d/private",
	"swanctl/private",
	"NetworkManager/system-connections",
	"netplan",
	"wpa_supplicant",
	"ppp/chap-secrets",
	"ppp/pap-secrets",
	"apt/auth.conf",
	"apt/auth.conf.d",
	"docker",
	"containers/auth.json",
	"npmrc",
	"netrc",
	"msmtprc",
	"exim4/passwd.client",
	"postfix/sasl_passwd",
	"davfs2/secrets",
	"rclone.conf",
	"vault.d",
	"consul.d",
	"nomad.d",
	"gitlab-runner",
	"cloudflared",
	"mysql/debian.cnf",
	"cups/ssl",
	"credstore",
	"credstore.encrypted",
	"cifs-credentials",
	"samba/credentials",
	"boto.cfg",
};

/* What is not there or is closed to the caller needs no mask; what cannot be found out gets none
 * that anybody has looked at, so the launch ends. */
static bool is_closed(int number)
{
	return number == ENOENT || number == ENOTDIR || number == EACCES;
}

static int add_secret(struct host *host, const char *path, struct error *err)
{
	if (faccessat(AT_FDCWD, path, R_OK, AT_EACCESS) == 0)
		*ARENA_APPEND(&host->arena, host->secrets, host->secrets_count) = path;
	else if (!is_closed(errno))
		return fail(err, "find out whether you can read %s", path);
	return 0;
}

static int find_host_keys(struct host *host, struct error *err)
{
	DIR *dir = opendir("/etc/ssh");
	struct dirent *entry;
	int result = 0;

	if (!dir)
		return is_closed(errno) ? 0 : fail(err, "look for keys in /etc/ssh");
	while (result == 0 && (errno = 0, entry = readdir(dir))) {
		const char *path = arena_printf(&host->arena, "/etc/ssh/%s", entry->d_name);
		size_t length = strlen(path);

		if (strncmp(entry->d_name, "ssh_host_", 9) == 0 &&
		    strcmp(path + length - 4, "_key") == 0)
			result = add_secret(host, path, err);
	}
	if (result == 0 && errno != 0)
		result = fail(err, "look for keys in /etc/ssh");
	closedir(dir);
	return result;
}

int host_find_secrets(struct host *host, struct error *err)
{
	for (size_t i = 0; i < sizeof secret_names / sizeof *secret_names; i++)
		if (add_secret(host, arena_printf(&host->arena, "/etc/%s", secret_names[i]), err) <
		    0)
			return -1;
	return find_host_keys(host, err);
}
