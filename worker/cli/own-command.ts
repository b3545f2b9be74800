/** Command that a user types. `npx svd` only finds that of a checkout. */
export const COMMAND: string = import.meta.url.endsWith('.ts') ? 'npx svd' : 'svd'
