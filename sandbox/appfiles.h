/*
 * appfiles: what a desktop application gets of the caller's files, as mounts in the config: a home
 * of its own (--home), one directory of downloads or documents (--downloads, --documents), and what
 * is named among its arguments (--auto-args), or chosen in a portal's dialog (--dbus-talk). Looks
 * at the caller's files and changes nothing.
 */
#ifndef APPFILES_H
#define APPFILES_H

#include "config.h"

/*
 * Add those mounts to a config that config_check has passed. The home goes before all other mounts,
 * the rest behind them. -1 with err filled: a directory is not there, or not as it should be.
 */
int appfiles_apply(struct config *config, struct error *err);

#endif
