/* A plan as config.json: see bundle.h. */
#include "bundle.h"

#include <ctype.h>
#include <inttypes.h>
#include <linux/capability.h>
#include <string.h>
#include <sys/stat.h>

#include "capability_names.h"
#include "filters_oci.h"
#include "json.h"

/* Members and elements, each behind a comma but the first of its kind. */
struct writer {
	FILE *out;
	bool more;
};

static void separate(struct writer *writer)
{
	fputs(writer->more ? ",\n" : "\n", writer->out);
	writer->more = true;
}

static void write_words(FILE *out, const char *name, char *const words[])
{
	fprintf(out, "\"%s\": [", name);
	for (size_t i = 0; words[i]; i++) {
		fputs(i ? ", " : "", out);
		json_quoted(out, words[i]);
	}
	fputs("]", out);
}

/* --- process --- */

static void write_capabilities(FILE *out, const char *name, uint64_t set, const char *end)
{
	bool more = false;

	fprintf(out, "\"%s\": [", name);
	for (int cap = 0; capability_names[cap]; cap++) {
		if (!(set >> cap & 1))
			continue;
		fprintf(out, "%s\"", more ? ", " : "");
		for (const char *c = capability_names[cap]; *c; c++)
			fputc(toupper((unsigned char)*c), out);
		fputc('"', out);
		more = true;
	}
	fprintf(out, "]%s", end);
}

static void write_rlimit(struct writer *writer, const char *name, uint64_t soft, uint64_t hard)
{
	separate(writer);
	fputs("{\"type\": \"RLIMIT_", writer->out);
	for (; *name; name++)
		fputc(toupper((unsigned char)*name), writer->out);
	fprintf(writer->out, "\", \"soft\": %" PRIu64 ", \"hard\": %" PRIu64 "}", soft, hard);
}

static void write_rlimits(const struct config *config, FILE *out)
{
	struct writer writer = {out, false};
	bool core = false;

	fputs("\"rlimits\": [", out);
	for (size_t i = 0; i < config->rlimits_count; i++) {
		const struct rlimit_op *op = &config->rlimits[i];
		bool again = false;

		for (size_t j = i + 1; j < config->rlimits_count; j++)
			again |= config->rlimits[j].resource == op->resource;
		core |= strcmp(op->name, "core") == 0;
		if (!again)
			write_rlimit(&writer, op->name, op->soft, op->hard);
	}
	if (!core)
		write_rlimit(&writer, "core", 0, 0);
	fputs("],\n", out);
}

static void write_process(const struct plan *plan, FILE *out)
{
	const struct config *config = plan->config;
	uint64_t kept = plan->identity.uid == 0 ? 0 : plan->capabilities;

	fprintf(out,
		"\"process\": {\n\"terminal\": false,\n\"user\": {\"uid\": %u, \"gid\": %u},\n",
		plan->identity.uid, plan->identity.gid);
	write_words(out, "args", plan->command);
	fputs(",\n", out);
	write_words(out, "env", plan->envp);
	fputs(",\n\"cwd\": ", out);
	json_quoted(out, config->workdir ? config->workdir : "/");
	fputs(",\n\"capabilities\": {", out);
	write_capabilities(out, "bounding", plan->capabilities, ", ");
	write_capabilities(out, "effective", plan->capabilities, ", ");
	write_capabilities(out, "permitted", plan->capabilities, ", ");
	write_capabilities(out, "inheritable", kept, ", ");
	write_capabilities(out, "ambient", kept, "},\n");
	write_rlimits(config, out);
	if (config->origin[OPT_OOM_SCORE_ADJ])
		fprintf(out, "\"oomScoreAdj\": %d,\n", config->limits.oom_score_adj);
	fputs("\"noNewPrivileges\": true\n},\n", out);
}

/* --- mounts --- */

static void write_mount(struct writer *writer, const char *type, const char *source,
			const char *target, const char *options)
{
	separate(writer);
	fputs("{\"destination\": ", writer->out);
	json_quoted(writer->out, target);
	fprintf(writer->out, ", \"type\": \"%s\", \"source\": ", type);
	json_quoted(writer->out, source);
	fprintf(writer->out, ", \"options\": [%s]}", options);
}

static void write_kernel_mounts(const struct plan *plan, struct writer *writer)
{
	bool tty = id_is_mapped(plan->gids, plan->gids_count, 5);

	write_mount(writer, "proc", "proc", "/proc", "\"nosuid\", \"noexec\", \"nodev\"");
	write_mount(writer, "tmpfs", "tmpfs", "/dev",
		    "\"nosuid\", \"noexec\", \"strictatime\", \"mode=755\", \"size=65536k\"");
	write_mount(writer, "devpts", "devpts", "/dev/pts",
		    tty ? "\"nosuid\", \"noexec\", \"newinstance\", \"ptmxmode=0666\", "
			  "\"mode=0620\", \"gid=5\""
			: "\"nosuid\", \"noexec\", \"newinstance\", \"ptmxmode=0666\", "
			  "\"mode=0600\"");
	write_mount(writer, "tmpfs", "shm", "/dev/shm",
		    "\"nosuid\", \"noexec\", \"nodev\", \"mode=1777\"");
	write_mount(writer, "mqueue", "mqueue", "/dev/mqueue", "\"nosuid\", \"noexec\", \"nodev\"");
	/* A fresh one shows the interfaces of a network namespace of one's own. */
	if (plan->config->network == NETWORK_HOST)
		write_mount(writer, "bind", "/sys", "/sys",
			    "\"rbind\", \"nosuid\", \"noexec\", \"nodev\", \"rro\"");
	else
		write_mount(writer, "sysfs", "sysfs", "/sys",
			    "\"nosuid\", \"noexec\", \"nodev\", \"ro\"");
	write_mount(writer, "tmpfs", "tmpfs", "/tmp", "\"nosuid\", \"nodev\", \"mode=1777\"");
	write_mount(writer, "tmpfs", "tmpfs", "/run", "\"nosuid\", \"nodev\", \"mode=0755\"");
}

static void write_tmpfs(struct writer *writer, const struct mount_op *op)
{
	char options[160];
	int used = snprintf(options, sizeof options, "\"nosuid\", \"nodev\", \"mode=%04o\"",
			    op->mode == (mode_t)-1 ? 0755 : op->mode);

	if (op->size)
		used += snprintf(options + used, sizeof options - (size_t)used,
				 ", \"size=%" PRIu64 "\"", op->size);
	if (op->inodes)
		used += snprintf(options + used, sizeof options - (size_t)used,
				 ", \"nr_inodes=%" PRIu64 "\"", op->inodes);
	snprintf(options + used, sizeof options - (size_t)used, "%s",
		 op->noexec ? ", \"noexec\"" : "");
	write_mount(writer, "tmpfs", "tmpfs", op->target, options);
}

static void write_bind(struct writer *writer, const struct mount_op *op, const char *source)
{
	char options[96];
	struct stat st;
	/* A file has nothing below it, and crun looks for directories where it is said to. */
	bool tree = stat(source, &st) == 0 && S_ISDIR(st.st_mode);

	snprintf(options, sizeof options, "\"%s\", \"rprivate\", \"nosuid\"%s%s%s%s",
		 tree ? "rbind" : "bind", op->kind == MOUNT_DEV_BIND ? "" : ", \"nodev\"",
		 op->kind == MOUNT_RO_BIND ? ", \"ro\"" : "",
		 op->kind == MOUNT_RO_BIND && tree ? ", \"rro\"" : "",
		 op->noexec ? ", \"noexec\"" : "");
	write_mount(writer, "bind", source, op->target, options);
}

static void write_mounts(const struct plan *plan, FILE *out)
{
	const struct config *config = plan->config;
	struct writer writer = {out, false};

	fputs("\"mounts\": [", out);
	write_kernel_mounts(plan, &writer);
	for (size_t i = 0; i < config->mounts_count; i++) {
		const struct mount_op *op = &config->mounts[i];

		if (op->kind == MOUNT_TMPFS)
			write_tmpfs(&writer, op);
		else if (op->kind != MOUNT_MASK && plan->host->sources[i].real)
			write_bind(&writer, op, plan->host->sources[i].real);
	}
	fputs("],\n", out);
}

/* --- linux --- */

static void write_ids(FILE *out, const char *name, const struct id_range *ids, size_t count)
{
	fprintf(out, "\"%s\": [", name);
	for (size_t i = 0; i < count; i++)
		fprintf(out, "%s{\"containerID\": %u, \"hostID\": %u, \"size\": %u}", i ? ", " : "",
			ids[i].inside, ids[i].outside, ids[i].count);
	fputs("],\n", out);
}

static void write_paths(const struct config *config, FILE *out)
{
	/* As kernelfs.c has them. */
	static const char masked[] =
		"\"/proc/acpi\", \"/proc/asound\", \"/proc/kcore\", \"/proc/keys\", "
		"\"/proc/key-users\", \"/proc/latency_stats\", \"/proc/timer_list\", "
		"\"/proc/timer_stats\", \"/proc/sched_debug\", \"/proc/scsi\", "
		"\"/proc/interrupts\", \"/proc/config.gz\", \"/sys/firmware\", "
		"\"/sys/devices/virtual/powercap\"";

	fprintf(out, "\"maskedPaths\": [%s", masked);
	for (size_t i = 0; i < config->mounts_count; i++)
		if (config->mounts[i].kind == MOUNT_MASK) {
			fputs(", ", out);
			json_quoted(out, config->mounts[i].target);
		}
	fputs("],\n\"readonlyPaths\": [\"/proc/bus\", \"/proc/fs\", \"/proc/irq\", \"/proc/sys\", "
	      "\"/proc/sysrq-trigger\"],\n",
	      out);
}

static void write_resources(const struct config *config, FILE *out)
{
	const struct limits *limits = &config->limits;
	struct writer writer = {out, false};

	if (!limits->memory && !limits->cpus && !limits->pids)
		return;
	fputs("\"resources\": {", out);
	if (limits->memory) {
		separate(&writer);
		fprintf(out, "\"memory\": {\"limit\": %" PRIu64 "}", limits->memory);
	}
	if (limits->cpus) {
		separate(&writer);
		fprintf(out, "\"cpu\": {\"period\": 100000, \"quota\": %" PRIu64 "}",
			(uint64_t)limits->cpus * 100);
	}
	if (limits->pids) {
		separate(&writer);
		fprintf(out, "\"pids\": {\"limit\": %" PRIu64 "}", limits->pids);
	}
	fputs("},\n", out);
}

static void write_seccomp(const struct config *config, FILE *out)
{
	const char *machine =
#if defined(__x86_64__)
		"SCMP_ARCH_X86_64";
#else
		"SCMP_ARCH_AARCH64";
#endif

	if (config->seccomp >= SECCOMP_UNCONFINED)
		return;
	const char *syscalls = filters_oci[config->seccomp].syscalls;
	fprintf(out,
		"\"seccomp\": {\"defaultAction\": \"SCMP_ACT_ERRNO\", \"defaultErrnoRet\": 38, "
		"\"architectures\": [\"%s\"], \"syscalls\": [%.*s]},\n",
		machine, (int)strlen(syscalls) - 1, syscalls);
}

static void write_linux(const struct plan *plan, FILE *out)
{
	fputs("\"linux\": {\n", out);
	write_ids(out, "uidMappings", plan->uids, plan->uids_count);
	write_ids(out, "gidMappings", plan->gids, plan->gids_count);
	write_resources(plan->config, out);
	write_seccomp(plan->config, out);
	write_paths(plan->config, out);
	fprintf(out,
		"\"namespaces\": [{\"type\": \"user\"}, {\"type\": \"mount\"}, {\"type\": "
		"\"pid\"}, "
		"{\"type\": \"ipc\"}, {\"type\": \"uts\"}, {\"type\": \"cgroup\"}%s]\n}\n",
		plan->config->network == NETWORK_HOST ? "" : ", {\"type\": \"network\"}");
}

void bundle_write(const struct plan *plan, FILE *out)
{
	const struct config *config = plan->config;

	fputs("{\n\"ociVersion\": \"1.0.2\",\n", out);
	write_process(plan, out);
	fputs("\"root\": {\"path\": ", out);
	json_quoted(out, plan->host->rootfs);
	fprintf(out, ", \"readonly\": %s},\n\"hostname\": ",
		config->layer_mode == LAYER_READ_WRITE ? "false" : "true");
	json_quoted(out, config->hostname ? config->hostname : "sandbox");
	fputs(",\n", out);
	write_mounts(plan, out);
	write_linux(plan, out);
	fputs("}\n", out);
}
