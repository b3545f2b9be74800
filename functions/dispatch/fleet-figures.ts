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
 * Seconds for which a machine is paid after its last worker: those that the simulation counts, and one minute until
 * dispatch runs again. ECS ends an instance after 15 minutes without a task; what Batch does is not documented.
 */
export const LINGER_SECONDS = { batch: 6 * 60, ecs: 17 * 60 } as const

/** Under a budget, a machine is started only if the rest of the day pays for so long a run of it and of all others. */
export const PAID_RUN_SECONDS = 30 * 60

/** ECS starts so many machines where there is none (ECS developer guide, cluster auto scaling), for one worker too. */
export const MACHINES_FROM_ZERO = { batch: 1, ecs: 2 } as const
