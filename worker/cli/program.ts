import { type Command, CommanderError } from 'commander'
import type { DocumentName } from '../../shared/contracts/json-schema.ts'
import { readOwnVersion } from '../engine/versions.ts'
import type { CommandContext } from './command-context.ts'
import { addCudaCheckOptions, type CudaCheckOptions, runCudaCheck } from './cuda/check.ts'
import { addCudaInstallOptions, type CudaInstallOptions, runCudaInstall } from './cuda/install.ts'
import { addDoctorOptions, type DoctorOptions } from './doctor/options.ts'
import { EXIT_DONE, exitCodeOf, messageOf } from './exit-code.ts'
import { addCompileOptions, type CompileOptions, runCompile } from './graphs/compile.ts'
import { addInspectOptions, type InspectOptions, runInspect } from './graphs/inspect.ts'
import { addHelpCommand, HELP_SUMMARY } from './help-command.ts'
import { addJobCommands } from './jobs/commands.ts'
import { addDemoOptions, type DemoOptions } from './local/demo-options.ts'
import { addLocalOptions, type LocalOptions } from './local/options.ts'
import { addModelsListOptions, type ModelsListOptions, runModelsList } from './models/list.ts'
import { addModelsPushOptions, type ModelsPushOptions, runModelsPush } from './models/push.ts'
import { addPlanOptions, type PlanCommandOptions } from './plan/options.ts'
import { addRenderOptions, type RenderCommandOptions } from './render/options.ts'
import { runRender } from './render/render.ts'
import { addSchemaOptions, runSchema } from './schema.ts'
import { addShowOptions, runShow, type ShowOptions } from './show/show.ts'
import { SvdCommand } from './svd-command.ts'
import { addWorkerOptions, type WorkerCommandOptions } from './worker/options.ts'

const NOTES = `
Exit codes: 0 done, 1 failed, 2 wrong usage or input, 130 stopped by Ctrl-C.

  svd doctor
  svd render photo.jpg --checkpoint svd-xt --output photo.mp4
  svd submit photo.jpg --wait --download videos
  svd show videos/photo.mp4
  svd inspect --checkpoint svd-xt
  svd plan --checkpoint svd-xt --clips 10000
  svd compile --checkpoint svd-xt --output svd-xt-onnx
`

const createProgram = (
  context: CommandContext,
  version: string,
  leave: (exitCode: number) => void,
): Command => {
  const program = new SvdCommand('svd')
    .description('Stable Video Diffusion without Python: images to MP4 videos, one or very many.')
    .version(version, '--version', 'print the version')
    .helpOption('-h, --help', 'print this help')
    .addHelpText('after', NOTES)
    .exitOverride()
    .configureOutput({
      writeOut: (text) => context.stdout.write(text),
      writeErr: (text) => context.stderr.write(text),
    })
  // After the settings above, which commands take over when they are added.
  addRenderOptions(program.command('render')).action(
    async (images: string[], options: RenderCommandOptions) =>
      leave(await runRender(images, options, context)),
  )
  addShowOptions(program.command('show')).action((file: string, options: ShowOptions) =>
    runShow(file, options, context),
  )
  addInspectOptions(program.command('inspect')).action((options: InspectOptions) =>
    runInspect(options, context),
  )
  addPlanOptions(program.command('plan')).action(async (options: PlanCommandOptions) =>
    (await import('./plan/plan.ts')).runPlan(options, context),
  )
  addCompileOptions(program.command('compile')).action((options: CompileOptions) =>
    runCompile(options, context),
  )
  addDoctorOptions(program.command('doctor')).action(async (options: DoctorOptions) =>
    leave(await (await import('./doctor/doctor.ts')).runDoctor(options, context)),
  )
  const cuda = program
    .command('cuda')
    .summary('install and check what rendering on a GPU needs')
    .helpCommand('help [command]', HELP_SUMMARY)
  addCudaInstallOptions(cuda.command('install')).action((options: CudaInstallOptions) =>
    runCudaInstall(options, context),
  )
  addCudaCheckOptions(cuda.command('check')).action(async (options: CudaCheckOptions) =>
    leave(await runCudaCheck(options, context)),
  )
  const models = program
    .command('models')
    .summary('put models where workers fetch them')
    .helpCommand('help [command]', HELP_SUMMARY)
  addModelsPushOptions(models.command('push')).action((dir: string, options: ModelsPushOptions) =>
    runModelsPush(dir, options, context),
  )
  addModelsListOptions(models.command('list')).action((options: ModelsListOptions) =>
    runModelsList(options, context),
  )
  addLocalOptions(program.command('local')).action(async (options: LocalOptions) =>
    leave(await (await import('./local/local.ts')).runLocal(options, context)),
  )
  addDemoOptions(program.command('demo')).action(async (options: DemoOptions) =>
    leave(await (await import('./local/demo.ts')).runDemo(options, context)),
  )
  addJobCommands(program, context, leave)
  addSchemaOptions(program.command('schema')).action((document: DocumentName) => runSchema(document, context))
  addWorkerOptions(program.command('worker')).action(async (options: WorkerCommandOptions) =>
    leave(await (await import('./worker/worker.ts')).runWorkerCommand(options, context)),
  )
  addHelpCommand(program)
  return program
}

/** Runs one command line (without node and script) and returns its exit code; never throws. */
export const runProgram = async (args: readonly string[], context: CommandContext): Promise<number> => {
  let exitCode = EXIT_DONE
  const fail = (error: unknown): void => {
    // Commander has already said what is wrong.
    if (!(error instanceof CommanderError)) {
      const debug = context.environment['SVD_DEBUG'] === '1'
      context.stderr.write(`${messageOf(error, { debug })}\n`)
    }
    exitCode = exitCodeOf(error)
  }
  try {
    const version = await readOwnVersion()
    const program = createProgram(context, version, (code) => {
      exitCode = code
    })
    await program.parseAsync([...args], { from: 'user' })
  } catch (error) {
    fail(error)
  }
  // A result that did not arrive is a failure, though it was there.
  if (exitCode === EXIT_DONE) await context.stdout.flush?.().catch(fail)
  return exitCode
}
