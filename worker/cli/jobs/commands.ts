import type { Command } from 'commander'
import type { CommandContext } from '../command-context.ts'
import { addBatchesOptions, type BatchesOptions, runBatches } from './batches.ts'
import { addCancelOptions, type CancelOptions, runCancel } from './cancel.ts'
import { addDownloadOptions, type DownloadOptions, runDownload } from './download.ts'
import { addRedriveOptions, type RedriveCommandOptions, runRedrive } from './redrive.ts'
import { addReportOptions, type ReportOptions, runReport } from './report.ts'
import { addRerunOptions, type RerunOptions, runRerun } from './rerun.ts'
import { addStatusOptions, runStatus, type StatusOptions } from './status.ts'
import { runSubmit } from './submit.ts'
import { addSubmitOptions, type SubmitOptions } from './submit-options.ts'
import { addWatchOptions, runWatch, type WatchCommandOptions } from './watch.ts'

/** The commands that see jobs through the buckets and queues. `leave` sets the exit code. */
export const addJobCommands = (
  program: Command,
  context: CommandContext,
  leave: (exitCode: number) => void,
): void => {
  addSubmitOptions(program.command('submit')).action(async (files: string[], options: SubmitOptions) =>
    leave(await runSubmit(files, options, context)),
  )
  addStatusOptions(program.command('status')).action(async (jobs: string[], options: StatusOptions) =>
    leave(await runStatus(jobs, options, context)),
  )
  addBatchesOptions(program.command('batches')).action((options: BatchesOptions) =>
    runBatches(options, context),
  )
  addWatchOptions(program.command('watch')).action(async (jobs: string[], options: WatchCommandOptions) =>
    leave(await runWatch(jobs, options, context)),
  )
  addDownloadOptions(program.command('download')).action(async (jobs: string[], options: DownloadOptions) =>
    leave(await runDownload(jobs, options, context)),
  )
  addCancelOptions(program.command('cancel')).action((jobs: string[], options: CancelOptions) =>
    runCancel(jobs, options, context),
  )
  addRedriveOptions(program.command('redrive')).action(async (options: RedriveCommandOptions) =>
    leave(await runRedrive(options, context)),
  )
  addRerunOptions(program.command('rerun')).action(async (job: string, options: RerunOptions) =>
    leave(await runRerun(job, options, context)),
  )
  addReportOptions(program.command('report')).action((jobs: string[], options: ReportOptions) =>
    runReport(jobs, options, context),
  )
}
