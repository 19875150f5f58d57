/* Known clients: asking the engine, the host's own changes, the hierarchy. Rows LC-06, LC-31. */
#include "base/abi.h"
#include "runner/internal.h"
#include <string.h>

struct flr_client_list {
    const flr__str **names, **parents;
    size_t count, name_room, parent_room, name_max;
    flr__table seen; /* names, as flr__str */
};

static bool match(const void *item, const void *key, size_t size)
{
    const flr__str *s = item;
    return s->size == size && memcmp(s->text, key, size) == 0;
}

int flr_client_list_add(flr_client_list *list, const char *name, const char *parent)
{
    if (list == NULL)
        return FLR_E_INVAL;
    bool child = parent != NULL && *parent != '\0';
    int status = flr__check_name(name, list->name_max);
    if (status == 0 && child)
        status = flr__check_name(parent, list->name_max);
    if (status < 0)
        return status;
    size_t size = strlen(name);
    uint32_t hash = flr__hash32(name, size);
    if (flr__table_get(&list->seen, name, size, hash) != NULL)
        return FLR_E_EXISTS;
    void *names = (void *)list->names, *parents = (void *)list->parents;
    status = flr__grow(&names, &list->name_room, list->count, sizeof *list->names);
    list->names = names;
    if (status == 0)
        status = flr__grow(&parents, &list->parent_room, list->count, sizeof *list->parents);
    list->parents = parents;
    const flr__str *own = status < 0 ? NULL : flr__str_new(name, size);
    const flr__str *above = own == NULL || !child ? NULL : flr__str_new(parent, strlen(parent));
    if (own == NULL || (child && above == NULL) ||
        flr__table_add(&list->seen, (void *)(uintptr_t)own, hash) < 0) {
        flr__str_unref(own);
        flr__str_unref(above);
        return FLR_E_NOMEM;
    }
    list->names[list->count] = own;
    list->parents[list->count++] = above;
    return 0;
}

int flr__runner_list_clients(flr_runner *r)
{
    flr_client_list list;
    flr__host_frame frame;
    memset(&list, 0, sizeof list);
    list.name_max = r->site.name_max;
    flr__table_init(&list.seen, match);
    flr__host_enter(&frame, FLR__HOST_ENGINE, &r->site, NULL);
    int status = flr__callback_status(r->site.engine.list_clients(r->site.engine_self, &list));
    flr__host_leave(&frame);
    if (status < 0) {
        flr__runner_count(r, FLR__COUNTER(engine_failures));
        flr__site_log(&r->site, FLR_LOG_ERROR, "list_clients failed: %s",
                      flr_status_get_name(status));
    } else {
        status = flr__clients_replace(&r->clients, list.names, list.parents, list.count);
    }
    flr__sticky_drop(&r->site, FLR__S_CLIENT_HIERARCHY); /* to be built anew when read */
    flr__runner_clients_changed(r);
    for (size_t i = 0; i < list.count; i++) {
        flr__str_unref(list.names[i]);
        flr__str_unref(list.parents[i]);
    }
    flr__table_free(&list.seen);
    flr__free((void *)list.names);
    flr__free((void *)list.parents);
    return status;
}

int flr_runner_add_client(flr_runner *runner, const char *client, const char *parent)
{
    if (runner == NULL)
        return FLR_E_INVAL;
    int status = flr__check_name(client, runner->site.name_max);
    if (status == 0 && parent != NULL && *parent != '\0')
        status = flr__check_name(parent, runner->site.name_max);
    if (status < 0)
        return status;
    flr__runner_decide(runner, flr_clock_get_now(runner->site.clock));
    status = flr__clients_add(&runner->clients, client, parent);
    if (status == 0) {
        flr__sticky_drop(&runner->site, FLR__S_CLIENT_HIERARCHY);
        flr_runner_wake(runner);
    }
    return status;
}

int flr_runner_remove_client(flr_runner *runner, const char *client)
{
    if (runner == NULL)
        return FLR_E_INVAL;
    int status = flr__check_name(client, runner->site.name_max);
    if (status < 0)
        return status;
    flr__runner_decide(runner, flr_clock_get_now(runner->site.clock));
    status = flr__clients_remove(&runner->clients, client);
    if (status == 0) {
        flr__sticky_drop(&runner->site, FLR__S_CLIENT_HIERARCHY);
        flr__runner_clients_changed(runner);
    }
    return status;
}

int flr_runner_visit_clients(flr_runner *runner, flr_client_visitor visitor, void *self)
{
    if (runner == NULL || visitor == NULL)
        return FLR_E_INVAL;
    flr__client **list;
    size_t count;
    int status = flr__clients_list(&runner->clients, &list, &count);
    flr__runner_ref(runner); /* a visitor may drop the host's */
    for (size_t i = 0; status == 0 && i < count; i++) {
        flr__mutex_lock(&runner->clients.lock);
        const flr__str *parent = list[i]->parent == NULL ? NULL : flr__str_ref(list[i]->parent);
        flr__mutex_unlock(&runner->clients.lock);
        status = visitor(self, list[i]->name->text, parent == NULL ? NULL : parent->text,
                         atomic_load(&list[i]->last_heard), atomic_load(&list[i]->disconnected));
        flr__str_unref(parent);
    }
    flr__free(list);
    flr__runner_unref(runner);
    return status;
}

/* ---------------------------------------------------------------- the hierarchy */

/* The clients as nodes: parent index or SIZE_MAX, and depth (distance from its root). */
typedef struct node {
    const flr__client *client;
    size_t parent, depth;
    flr_value *children; /* list of finished subtrees, in order */
    bool root;
} node;

static size_t find_parent(const node *nodes, const flr__table *by_name, const flr__str *parent)
{
    if (parent == NULL)
        return SIZE_MAX;
    const node *n = flr__table_get(by_name, parent->text, parent->size, parent->hash);
    return n == NULL ? SIZE_MAX : (size_t)(n - nodes);
}

static bool match_node(const void *item, const void *key, size_t size)
{
    return match(((const node *)item)->client->name, key, size);
}

/* Whoever reaches itself by going up is on a circle: it becomes a root. */
static bool is_circular(const node *nodes, size_t count, size_t i)
{
    size_t up = nodes[i].parent;
    for (size_t steps = 0; steps <= count && up != SIZE_MAX; steps++) {
        if (up == i)
            return true;
        up = nodes[up].parent;
    }
    return false;
}

static int tree_of(node *n, flr_value **out)
{
    flr_value *map = NULL, *children = flr_value_ref(n->children);
    int status = flr_value_new_map(&map);
    if (status == 0)
        status = flr_map_set_text(&map, "name", n->client->name->text);
    if (status == 0 && (status = flr_map_set(&map, "children", children)) == 0)
        children = NULL;
    flr_value_unref(children);
    if (status < 0) {
        flr_value_unref(map);
        return status;
    }
    *out = map;
    return 0;
}

static int hang(node *nodes, node *n, flr_value **roots)
{
    flr_value *tree;
    int status = tree_of(n, &tree);
    if (status == 0) {
        status = flr_list_add(n->depth == 0 ? roots : &nodes[n->parent].children, tree);
        if (status < 0)
            flr_value_unref(tree);
    }
    return status;
}

/* From the deepest level up, each in table order: so every list of children is complete, and in that order, before it is used. */
static int assemble(node *nodes, size_t count, flr_value **roots)
{
    size_t deepest = 0;
    for (size_t i = 0; i < count; i++)
        deepest = nodes[i].depth > deepest ? nodes[i].depth : deepest;
    for (size_t depth = deepest + 1; depth-- > 0;)
        for (size_t i = 0; i < count; i++) {
            int status = nodes[i].depth == depth ? hang(nodes, &nodes[i], roots) : 0;
            if (status < 0)
                return status;
        }
    return 0;
}

/* A tree of values is not deeper than this many clients: a map and a list each, inside the list of roots. */
#define MAX_LEVELS ((FLR_VALUE_MAX_DEPTH - 2) / 2)

static int set_depth(node *nodes, node *n)
{
    for (const node *up = n; !up->root; up = &nodes[up->parent])
        if (++n->depth >= MAX_LEVELS)
            return FLR_E_LIMIT;
    return 0;
}

/* Its parent's node. The name may be replaced meanwhile by whoever lists the clients anew: it is held while it is looked up. */
static size_t parent_of(flr_runner *r, const node *nodes, const flr__table *by_name,
                        const flr__client *c)
{
    flr__mutex_lock(&r->clients.lock);
    const flr__str *parent = flr__str_ref(c->parent);
    flr__mutex_unlock(&r->clients.lock);
    size_t found = find_parent(nodes, by_name, parent);
    flr__str_unref(parent);
    return found;
}

static int link_nodes(flr_runner *r, node *nodes, size_t count, flr__client **list)
{
    flr__table by_name;
    int status = 0;
    flr__table_init(&by_name, match_node);
    for (size_t i = 0; status == 0 && i < count; i++) {
        nodes[i].client = list[i];
        status = flr_value_new_list(&nodes[i].children);
        if (status == 0)
            status = flr__table_add(&by_name, &nodes[i], list[i]->name->hash);
    }
    for (size_t i = 0; status == 0 && i < count; i++)
        nodes[i].parent = parent_of(r, nodes, &by_name, list[i]);
    for (size_t i = 0; status == 0 && i < count; i++)
        nodes[i].root = nodes[i].parent == SIZE_MAX || is_circular(nodes, count, i);
    for (size_t i = 0; status == 0 && i < count; i++)
        status = set_depth(nodes, &nodes[i]);
    flr__table_free(&by_name);
    return status;
}

int flr__runner_hierarchy(flr_runner *r, flr_value **out)
{
    flr__client **list;
    size_t count;
    flr_value *roots = NULL;
    node *nodes = NULL;
    int status = flr__clients_list(&r->clients, &list, &count);
    if (status == 0)
        status = flr_value_new_list(&roots);
    if (status == 0 && (nodes = flr__zalloc_array(count > 0 ? count : 1, sizeof *nodes)) == NULL)
        status = FLR_E_NOMEM;
    if (status == 0)
        status = link_nodes(r, nodes, count, list);
    if (status == 0)
        status = assemble(nodes, count, &roots);
    for (size_t i = 0; nodes != NULL && i < count; i++)
        flr_value_unref(nodes[i].children);
    flr__free(nodes);
    flr__free(list);
    if (status < 0) {
        flr_value_unref(roots);
        return status;
    }
    *out = roots;
    return 0;
}
