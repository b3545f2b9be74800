import type { FleetState } from './dispatch-state.ts'

/**
 * Whether workers of the fleet fail to start or do not come while clips wait, so that an operator has to act. The alarm of
 * dispatch, `svd status` and `svd doctor --aws` decide by it. A budget that is reached hides no failed starts: they go on
 * the next day.
 */
export const cannotStart = ({ waits, failures, proven }: FleetState): boolean =>
  waits !== null && ((failures > 0 && !proven) || waits === 'model' || waits === 'machine')
