import { fileURLToPath } from 'node:url'

/** Full path of a file of the project, or of the project itself. */
export const inRepository = (file = ''): string => fileURLToPath(new URL(`../../../${file}`, import.meta.url))
