import type { ChildProcess } from 'node:child_process'

const children = new Set<ChildProcess>()

const killAll = (): void => {
  for (const child of children) child.kill('SIGKILL')
}

/**
 * Kills the child when this process ends by `process.exit`, or by an uncaught error. A process that is killed
 * itself cannot do so: a child that may outlive it has to watch its parent.
 */
export const endWithThisProcess = (child: ChildProcess): void => {
  // It could not be started, and no event says that it ended.
  if (child.pid === undefined) return
  if (children.size === 0) process.on('exit', killAll)
  children.add(child)
  child.once('exit', () => {
    children.delete(child)
    if (children.size === 0) process.off('exit', killAll)
  })
}
