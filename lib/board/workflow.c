/* Workflows whose communicator is a new board, unless the host brings one. No lock: one thread at a
 * time configures. */
#include "board/board.h"
#include "runner/workflow.h"

static int make(const flr_controller_ops *controller, void *controller_self,
                const flr_communicator_ops *communicator, void *communicator_self,
                const char **missing, flr_workflow **workflow)
{
    flr_communicator_ops ops;
    flr_component_ops component;
    flr_board *board;
    int status;

    if (communicator != NULL) {
        return flr__workflow_new(controller, controller_self, communicator, communicator_self, NULL,
                                 missing, workflow);
    }
    status = flr__board_new(&board);
    if (status < 0) {
        return status;
    }
    flr__board_ops(&ops, &component);
    status = flr__workflow_new(controller, controller_self, &ops, board, board, missing, workflow);
    if (status < 0) {
        flr__board_unref(board);
    } else {
        board->workflow = *workflow;
        (*workflow)->hooks = &flr__board_hooks_table;
        (*workflow)->due = &board->core.next_due;
    }
    return status;
}

int flr_workflow_new(const flr_controller_ops *controller, void *controller_self,
                     const flr_communicator_ops *communicator, void *communicator_self,
                     flr_workflow **workflow)
{
    const char *missing = NULL;

    if (workflow == NULL) {
        return FLR_E_INVAL;
    }
    return make(controller, controller_self, communicator, communicator_self, &missing, workflow);
}

int flr_config_add_controller(flr_config *config, const char *id,
                              const flr_controller_ops *controller, void *controller_self,
                              const flr_communicator_ops *communicator, void *communicator_self)
{
    const char *missing = NULL;
    flr_workflow *workflow;
    int status;

    if (config == NULL) {
        return FLR_E_INVAL;
    }
    status =
        make(controller, controller_self, communicator, communicator_self, &missing, &workflow);
    if (status < 0) {
        flr__config_fail(config, "%s", missing == NULL ? flr_status_get_text(status) : missing);
        return status;
    }
    status = flr__config_add_workflow(config, id, workflow);
    if (status < 0) {
        /* What the host gave stays its own; a board made here goes. */
        workflow->destroy_controller = NULL;
        if (communicator != NULL) {
            workflow->destroy_communicator = NULL;
        }
        flr_workflow_unref(workflow);
    }
    return status;
}
