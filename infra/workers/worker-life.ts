/**
 * Time for which a worker works. Then it takes no more clips, finishes the one that it renders, and ends, and another
 * starts with the newest version: a deployment during a backlog ends by itself, and cuts no clip. A new worker loads
 * the model again, a minute or two in two hours. CloudFormation gives an update of an ECS service three hours (ECS
 * developer guide, "Protect your Amazon ECS tasks from being terminated by scale-in events").
 */
export const WORKER_LIFE = {
  seconds: 2 * 3600,
  /** Beyond what any GPU takes for a clip. */
  longestClipSeconds: 3600,
} as const
