/*
 * The ECS service that runs workers, as dispatch uses it. Adapter: shared/aws/worker-service.ts; the small real one is in
 * test/fixtures/memory-worker-service.ts; one suite, test/shared/ports/worker-service-contract.ts, runs on both.
 *
 * ECS keeps `desired` tasks running and replaces those that end. It stops tasks above `desired`, but none that protects
 * itself: "your task will not be terminated by scale-in events from service Auto Scaling or deployments" (ECS developer
 * guide, task scale-in protection endpoint). Service Auto Scaling sets the desired count by the same call as this port.
 */

export interface WorkerServiceState {
  /** Tasks that ECS keeps running. */
  readonly desired: number
  /** Id of the primary deployment: another one after each change of the task definition. */
  readonly deploymentId: string
  /** Tasks of the primary deployment that run. */
  readonly running: number
  /** Tasks of the primary deployment that wait for an instance or for their image. */
  readonly pending: number
  /** Tasks of earlier deployments that still run. */
  readonly olderRunning: number
}

/** A call whose signal is aborted throws the signal's reason. */
export interface WorkerService {
  /** `null`: ECS has no such service, not yet or not any more. */
  read(signal: AbortSignal): Promise<WorkerServiceState | null>
  /** Sets the desired count, from 0 on. Setting the same count twice is the same as once. */
  setDesired(count: number, signal: AbortSignal): Promise<void>
}
