/**
 * Opens a file with the desktop's program for it, and does not wait for that program. Throws if none can be started.
 *
 * The program gets this process's whole environment, unlike what `childEnvironment` is for: it is the user's own
 * browser, it reads the page that this program wrote, and a desktop session has variables that no list could name.
 */
export const openFile = async (file: string): Promise<void> => {
  // Loaded when it is wanted: one command alone opens a file.
  const { default: open } = await import('open')
  await open(file)
}
