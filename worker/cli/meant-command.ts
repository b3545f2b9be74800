/**
 * Commands by the names that they have in other programs. Of the lines with a name, the first one counts whose
 * commands exist: among those of `svd`, or of `svd models` or `svd cuda`.
 */
export const COMMAND_NAMES_ELSEWHERE: readonly (readonly [meant: readonly string[], names: string])[] = [
  [['render'], 'run generate gen make create video animate infer predict img2vid image-to-video'],
  [['status'], 'list ls ps jobs job queue show get results'],
  [['show'], 'metadata exif probe'],
  [['batches'], 'batch manifests uploads history runs'],
  [['list'], 'ls show get'],
  [['push'], 'upload add put publish'],
  [['download'], 'fetch pull videos clips sync'],
  [['submit'], 'upload add send enqueue drop post'],
  [['submit', 'models push'], 'push put'],
  [['redrive'], 'retry requeue resume restart replay'],
  [['rerun'], 'again redo vary variation remix reroll'],
  [['local', 'worker'], 'start serve server up dev daemon'],
  [['local'], 'emulate emulator offline'],
  [['worker'], 'work consume'],
  [['cancel'], 'stop kill abort rm delete remove'],
  [['watch'], 'follow tail wait progress logs log'],
  [['report'], 'html sheet contact-sheet gallery page'],
  [['compile'], 'export onnx convert build'],
  [['inspect'], 'info count summary flops profile'],
  [['plan'], 'cost price estimate budget'],
  [['doctor'], 'check diagnose verify validate env'],
  [['cuda install'], 'install'],
  [['check'], 'verify doctor status test'],
  [['install'], 'setup add download'],
  [['--version'], 'version'],
]

/** Commands that an unknown command may mean, of those for which `has` returns `true`; empty if none is known. */
export const meantCommands = (typed: string, has: (meant: string) => boolean): readonly string[] => {
  const name = typed.replaceAll('_', '-').toLowerCase()
  const line = COMMAND_NAMES_ELSEWHERE.find(
    ([meant, names]) => names.split(' ').includes(name) && meant.every(has),
  )
  return line?.[0] ?? []
}
