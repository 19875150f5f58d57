#include "members.h"
#include <stdlib.h>
#include <string.h>

struct member *members_find(const struct members *members, const char *name)
{
    struct member *member = members->first;
    while (member && strcmp(member->name, name) != 0)
        member = member->next;
    return member;
}

int members_add(struct members *members, const char *name, struct member **member)
{
    struct member **end = &members->first;
    struct member *added = calloc(1, sizeof *added);
    if (!added)
        return FLR_E_NOMEM;
    memcpy(added->name, name, strlen(name) + 1);
    while (*end)
        end = &(*end)->next;
    *end = added;
    *member = added;
    return 0;
}

int members_are_awaited(const struct members *members)
{
    for (const struct member *member = members->first; member; member = member->next)
        if (!member->seen)
            return 1;
    return 0;
}

void members_free(struct members *members)
{
    while (members->first) {
        struct member *member = members->first;
        members->first = member->next;
        free(member);
    }
}

/* ---- as a component of the run ---- */

static int save(void *self, flr_context *context, flr_value **state)
{
    const struct members *members = self;
    flr_value *list = NULL;
    (void)context;
    int status = flr_value_new_list(&list);
    for (const struct member *member = members->first; member && status == 0;
         member = member->next) {
        flr_value *name = NULL;
        status = flr_value_new_text(member->name, &name);
        if (status == 0)
            status = flr_list_add(&list, name);
        if (status < 0)
            flr_value_unref(name); /* on success it belongs to the list */
    }
    if (status < 0)
        flr_value_unref(list);
    else
        *state = list;
    return status;
}

static int restore(void *self, flr_context *context, const flr_value *state)
{
    struct members *members = self;
    struct member *member;
    int status = 0;
    (void)context;
    for (size_t i = 0; i < flr_value_get_size(state) && status == 0; i++) {
        const char *name = flr_value_get_text(flr_list_get(state, i), "");
        if (!*name || strlen(name) >= TOKEN_NAME)
            return FLR_E_CORRUPT;
        if (!members_find(members, name))
            status = members_add(members, name, &member);
    }
    return status;
}

int members_register(struct members *members, flr_config *config)
{
    flr_component_ops ops;
    flr_component_ops_init(&ops, sizeof ops);
    ops.save = save;
    ops.restore = restore;
    return flr_config_add_component(config, "members", &ops, members);
}
