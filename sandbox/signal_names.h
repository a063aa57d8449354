/* signal_names: signals by the names of signal(7). Pure. */
#ifndef SIGNAL_NAMES_H
#define SIGNAL_NAMES_H

/* TERM or SIGTERM, in any case; 0 when it is none. Not the real-time ones, and no numbers. */
int signal_named(const char *text);

#endif
