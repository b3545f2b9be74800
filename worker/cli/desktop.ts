/** The desktop of the user who types a command. */
export interface Desktop {
  readonly platform: NodeJS.Platform
  /** Opens a file with the program that the desktop has for it. Throws if no program can be started. */
  open(file: string): Promise<void>
}

export interface DesktopSigns {
  readonly environment: Readonly<Record<string, string | undefined>>
  readonly platform: NodeJS.Platform
  /** Whether stdout is a terminal. */
  readonly isTerminal: boolean
}

/** OpenSSH sets these on the remote machine: ssh(1), "ENVIRONMENT". It sets DISPLAY there too if it forwards X11. */
const SSH_VARIABLES = ['SSH_CONNECTION', 'SSH_CLIENT', 'SSH_TTY']
/** DISPLAY names an X server, and "WAYLAND_DISPLAY replaces the default value" of wl_display_connect(3). */
const DISPLAY_VARIABLES = ['DISPLAY', 'WAYLAND_DISPLAY']
/** Platforms on which a local terminal is a window of a desktop. */
const WINDOWED: readonly NodeJS.Platform[] = ['darwin', 'win32']

/** Returns the reason why a user of this terminal would not see a window; `null` if they would. */
export const missingDesktop = ({ environment, platform, isTerminal }: DesktopSigns): string | null => {
  const isSet = (name: string): boolean => (environment[name] ?? '') !== ''
  if (!isTerminal) return 'stdout is not a terminal'
  // GitHub's "Variables reference": "CI: Always set to true". GitLab, Bitbucket and others do the same.
  if (isSet('CI')) return 'this is a CI job (CI is set)'
  const ssh = SSH_VARIABLES.find(isSet)
  if (ssh !== undefined) return `the terminal is remote (${ssh} is set)`
  if (WINDOWED.includes(platform) || DISPLAY_VARIABLES.some(isSet)) return null
  return `there is no desktop (${DISPLAY_VARIABLES.join(' and ')} are not set)`
}
