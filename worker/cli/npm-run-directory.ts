import { fileURLToPath } from 'node:url'

const PACKAGE_FOLDER = fileURLToPath(new URL('../../', import.meta.url))

const withoutSlash = (folder: string): string => folder.replace(/[/\\]$/, '')

/**
 * Folder in which the user typed `npm run svd`, or `null` if this process was started in another way. npm runs a script in
 * the package's folder and names the user's in `INIT_CWD`. The variables are also there in processes that a script starts
 * elsewhere, so script and folder both have to be the package's own.
 */
export const npmRunDirectory = (
  environment: Readonly<Record<string, string | undefined>>,
  workingDirectory: string,
  packageFolder: string = PACKAGE_FOLDER,
): string | null => {
  const isScript = environment['npm_lifecycle_event'] === 'svd'
  if (!isScript || withoutSlash(workingDirectory) !== withoutSlash(packageFolder)) return null
  return environment['INIT_CWD'] || null
}
