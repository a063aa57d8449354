/*
 * overlay: the private tmpfs of a sandbox (scratch), and the throw-away layer over ROOTFS.
 * Supervisor, PREPARE (the layer's directory, when it is on disk); child, SETUP (the mounts).
 */
#ifndef OVERLAY_H
#define OVERLAY_H

#include "step.h"

/* Does the root get a layer, and where is it kept? Sets plan->has_layer and layer_parent. */
int overlay_plan(struct plan *plan, struct error *err);

/* With --confine-only: a directory of the same kind, made, held and removed in the same way, is the
 * command's private one. Sets plan->layer_parent and private_directory. */
int overlay_plan_private(struct plan *plan, struct error *err);

/* What the names of layers on disk begin with; nothing else in their directory is touched. */
#define LAYER_PREFIX "layer-"

/* Open the directory of the layers on disk; -1 when it is not one that may be cleaned. */
int overlay_open_layers(const char *path);

/* The step that mounts the layer as the new root; for rootfs_plan's place in the order. */
void overlay_plan_root(struct plan *plan);

#endif
