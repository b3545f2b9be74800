/*
 * Figures by which dispatch decides. The stack deploys them and infra/scaling/simulation runs on them.
 */

/** A surplus of workers lasts so long before it is ended: two looks, so that a trickle finds its worker still there. */
export const IDLE_SECONDS = 150

/**
 * The longest that a start may take, from the request to the worker's first message: twice the seven minutes that the
 * simulation counts on ECS from no machine (infra/scaling/simulation/boot-times.ts has its parts).
 */
export const START_LIMIT_SECONDS = 15 * 60

/** Minutes without a start after the first, second, … failed start in a row, and after all later ones. */
export const BACK_OFF_MINUTES = [1, 2, 4, 8, 16, 32, 60] as const

/** The most messages that one worker holds: one prepared, one rendered, one published (worker/queue/run-worker.ts). */
export const MESSAGES_PER_WORKER = 3

/**
 * How long a machine is paid for after its last worker. ECS ends an instance after 15 minutes without a task, and the
 * minute in which it looks; what Batch does is not documented, and the simulation counts five minutes.
 */
export const LINGER_SECONDS = { batch: 5 * 60, ecs: 16 * 60 } as const
