/*
 * parse_bus: names and rules of D-Bus as --dbus-talk and the like take them. Pure; NULL or a
 * reason. D-Bus specification, "Valid Names"; xdg-dbus-proxy(1) for rules.
 */
#ifndef PARSE_BUS_H
#define PARSE_BUS_H

#include "config.h"

/*
 * [system:]NAME, or [system:]NAME=RULE for a grant that takes a rule. NAME is a well-known name, or
 * one that ends in ".*" for all names below it. op's grant is set; its other fields become the
 * value's, op->name and op->rule pointing into text, which is changed.
 */
const char *parse_bus_rule(char *text, struct bus_rule *op);

/* Is the name the rule's, or below it? */
bool bus_rule_covers(const struct bus_rule *rule, const char *name);

/* An application's name as portals take it: parts of letters, digits and '_', here the last of
 * three, not beginning with a digit. */
const char *bus_application(struct arena *arena, const char *name);

#endif
