/* What a board tells a collector of group statistics (ST-02). The standing tasks are read with one
 * stripe locked; their assignments need no lock. */
#include "base/abi.h"
#include "board/board.h"
#include <inttypes.h>
#include <stdio.h>

/* A copy of the standing tasks in scheduling order, each held. */
static int list_standing(flr_board *b, flr_task ***list, size_t *count)
{
    flr__mutex *lock = &b->core.stripes[0].lock;
    size_t room = 8, linked;

    for (;;) {
        flr_task **copy = flr__alloc_array(room, sizeof(flr_task *));
        size_t found = 0;

        if (copy == NULL) {
            return FLR_E_NOMEM;
        }
        flr__mutex_lock(lock);
        linked = b->core.linked;
        for (flr__link *link = b->core.standing.next; linked <= room && link != &b->core.standing;
             link = link->next) {
            flr__core_task *t = FLR__OWNER(link, flr__core_task, standing);

            if (flr__core_stands(t)) { /* else it is sealed, and waits to be buried */
                copy[found++] = flr_task_ref(flr__task_of(t));
            }
        }
        flr__mutex_unlock(lock);
        if (linked <= room) {
            *list = copy;
            *count = found;
            return 0;
        }
        flr__free(copy);
        room = linked;
    }
}

static int add_client(void *self, flr_assignment *assignment)
{
    flr_value **clients = self, *name = NULL;
    int status = flr__value_new_str(assignment->client, &name);

    if (status == 0) {
        status = flr_list_add(clients, name);
        if (status < 0) {
            flr_value_unref(name);
        }
    }
    return status;
}

static int add_task(flr_value **tasks, flr_task *t)
{
    char key[FLR_NAME_MAX + 32];
    flr_value *clients;
    int status = flr_value_new_list(&clients);

    if (status < 0) {
        return status;
    }
    snprintf(key, sizeof key, "%s#%" PRId64, t->core.name->text, t->core.number);
    status = flr_task_visit_assignments(t, add_client, &clients);
    if (status == 0) {
        status = flr_map_set(tasks, key, clients);
    }
    if (status < 0) {
        flr_value_unref(clients);
    }
    return status;
}

static int describe(flr_board *b, flr_value **group)
{
    flr_task **list = NULL;
    flr_value *tasks = NULL;
    size_t count = 0;
    int status = 0;

    if (flr__board_enter(b)) { /* else nothing stands */
        status = list_standing(b, &list, &count);
        flr__board_leave(b);
    }
    if (status == 0) {
        status = flr_value_new_map(&tasks);
    }
    for (size_t i = 0; i < count; i++) {
        if (status == 0) {
            status = add_task(&tasks, list[i]);
        }
        flr_task_unref(list[i]);
    }
    flr__free(list);
    if (status == 0) {
        status = flr_value_new_map(group);
        if (status == 0) {
            status = flr_map_set(group, "tasks", tasks);
            if (status == 0) {
                return 0;
            }
            flr_value_unref(*group);
        }
    }
    flr_value_unref(tasks);
    return status;
}

int flr__board_handle_event(void *self, const char *event, flr_context *context)
{
    flr_board *b = self;
    flr_collector *collector = flr_collector_from_context(context);
    flr_value *property, *group;
    int status;

    (void)event;
    if (collector == NULL) {
        status = flr_context_get(context, FLR_PROP_STATS_COLLECTOR, &property);
        if (status < 0) {
            return 0; /* nobody collects */
        }
        flr_value_unref(property);
        return flr_context_fail(context, FLR_E_INVAL, "%s is no collector",
                                FLR_PROP_STATS_COLLECTOR);
    }
    status = describe(b, &group);
    if (status == 0) {
        status = flr_collector_set(collector, b->workflow->id->text, group);
        flr_value_unref(group);
    }
    return status;
}
