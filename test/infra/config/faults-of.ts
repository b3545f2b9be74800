import { readConfig } from '../../../infra/config/read-config.ts'

/** Faults of a context, a line each; none if it is accepted. */
export const faultsOf = (context: Readonly<Record<string, unknown>>): readonly string[] => {
  try {
    readConfig(context)
    return []
  } catch (error) {
    return (error as Error).message.split('\n').slice(1)
  }
}
