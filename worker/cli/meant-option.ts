/**
 * Options and arguments by the names that they have elsewhere: in diffusers, ComfyUI, hosted APIs, and other command
 * lines. Of the lines with a name, the first one counts whose options the command has. An argument is written as in the
 * command's usage: `<image...>`.
 */
export const OPTION_NAMES_ELSEWHERE: readonly (readonly [meant: string, names: string])[] = [
  ['--num-inference-steps', 'steps num-steps n-steps inference-steps sampling-steps'],
  ['--num-frames', 'frames n-frames video-frames video-length length'],
  ['--max-guidance-scale', 'cfg cfg-scale guidance guidance-scale max-guidance max-cfg scale'],
  ['--no-guidance', 'cfg cfg-scale guidance guidance-scale max-guidance-scale min-guidance-scale'],
  ['--min-guidance-scale', 'min-guidance min-cfg'],
  ['--motion-bucket-id', 'motion motion-bucket motion-id motion-strength motion-score'],
  ['--fps', 'fps-id frame-rate framerate frames-per-second rate r'],
  ['--noise-aug-strength', 'noise noise-aug noise-strength aug augmentation-level cond-aug'],
  ['--decode-chunk-size', 'chunk chunk-size chunks decode-chunk decode-chunks decoding-t'],
  ['--decode-overlap', 'overlap'],
  [
    '--num-videos-per-prompt',
    'n num-videos n-videos videos num-outputs num-samples samples batch batch-size',
  ],
  ['--format', 'formats codec container output-format video-format'],
  ['--crf', 'quality'],
  ['--loop', 'pingpong ping-pong boomerang'],
  ['--limit', 'n max last count'],
  ['--clips', 'n num-clips videos num-videos count'],
  ['--seed', 'random-seed noise-seed generator'],
  ['--sigmas', 'schedule ays'],
  ['--width and --height', 'size resolution dimensions'],
  ['--width', 'w'],
  ['--fit', 'resize resize-mode crop sizing-strategy'],
  ['--checkpoint', 'model m model-id model-path model-dir ckpt ckpt-name pretrained-model-name-or-path repo'],
  ['--model', 'm model-path model-dir checkpoint c ckpt ckpt-name pretrained-model-name-or-path repo'],
  ['<dir>', 'checkpoint c model path dir'],
  ['--variant', 'fp16'],
  ['--precision', 'dtype torch-dtype'],
  ['--device', 'gpu cuda provider'],
  ['--memory', 'low-vram lowvram medvram offload cpu-offload'],
  ['--output', 'out output-file output-path outfile out-file'],
  ['--output-dir', 'out o output outdir out-dir output-folder output-path'],
  ['--download', 'out o output output-dir outdir out-dir output-folder download-dir d'],
  ['--to', 'out o output output-dir outdir out-dir output-folder download-dir download d dir folder'],
  ['--name', 'template name-template filename file-name output-template pattern'],
  ['--overwrite', 'force f replace clobber'],
  ['--posters', 'poster thumbnails thumbnail'],
  ['--no-wait', 'nowait ready'],
  ['--frames-dir', 'png pngs frames-folder save-frames'],
  ['<image...>', 'image images input i init-image input-image'],
  ['<file...>', 'image images input i file files manifest'],
  ['[job...]', 'job jobs job-id id ids'],
  ['--quiet', 'silent no-progress q'],
  ['--json', 'format'],
  ['--interval', 'poll poll-interval every'],
  ['--instance-type', 'instance instances instance-types machine gpu gpus'],
  ['--workers', 'num-workers num-gpus'],
  ['--within', 'deadline hours max-hours'],
  ['--input-bucket and --output-bucket', 'bucket'],
  ['--output-bucket', 'bucket'],
  ['--bucket', 'models-bucket'],
  ['--jobs-queue-url', 'queue queue-url jobs-queue'],
  ['--dead-letter-queue-url', 'dlq dlq-url dead-letter-queue'],
  ['--version', 'v'],
]

/** `--motion_bucket_id=60`, `--motionBucketId` and `-motion-bucket-id` → `motion-bucket-id`. */
const plainName = (typed: string): string =>
  typed
    .replace(/^-+/, '')
    .replace(/=.*$/s, '')
    .replaceAll(/[a-z](?=[A-Z])/g, (letter) => `${letter}-`)
    .replaceAll('_', '-')
    .toLowerCase()

/**
 * Option or argument that an unknown option means in a command that `has` options (`--seed`) and arguments
 * (`<image...>`). `null` if none is known. Several are joined: `--width and --height`.
 */
export const meantOption = (typed: string, has: (meant: string) => boolean): string | null => {
  const name = plainName(typed)
  if (has(`--${name}`)) return `--${name}`
  const line = OPTION_NAMES_ELSEWHERE.find(
    ([meant, names]) => names.split(' ').includes(name) && meant.split(' and ').every(has),
  )
  return line?.[0] ?? null
}
