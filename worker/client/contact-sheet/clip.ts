import { clipMedia, endingOf } from './clip-media.ts'
import { type Html, html } from './html.ts'
import type { RejectedSheetClip, SheetClip, SheetJob } from './sheet-job.ts'

interface ClipContext {
  readonly name: string
  readonly width: number
  readonly height: number
}

const renderBlank = ({ width, height }: ClipContext): Html =>
  html`<svg class="blank" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}"></svg>`

const renderPoster = ({ poster }: SheetClip, context: ClipContext): Html =>
  poster === null
    ? renderBlank(context)
    : html`<img class="poster" src="${poster}" width="${context.width}" height="${context.height}" loading="lazy" alt="First frame of ${context.name}">`

/** A file that no browser plays. */
const renderUnplayed = (clip: SheetClip, context: ClipContext): Html => {
  const format = endingOf(clip.key).toUpperCase()
  return html`${renderPoster(clip, context)}<p class="unplayed">${
    clip.video === null
      ? html`${format}, which browsers do not play. Get it with <code>svd download</code>.`
      : html`<a href="${clip.video}" download>Save the ${format} file</a>, which browsers do not play.`
  }</p>`
}

/** Without the page's script the browser's own controls play it; the script brings better ones. */
const renderMedia = (clip: SheetClip, context: ClipContext): Html => {
  const media = clipMedia(clip.key)
  if (media === null || clip.video === null) return renderUnplayed(clip, context)
  const { name, width, height } = context
  const buttons = html`
<button type="button" class="play" hidden aria-label="Play ${name}"></button>
<button type="button" class="full" hidden aria-label="Full screen: ${name}"></button>`
  if (media.element === 'image')
    return html`<img class="moves" src="${clip.video}" ${
      clip.poster !== null && html`data-poster="${clip.poster}"`
    } width="${width}" height="${height}" loading="lazy" alt="Clip of ${name}">${buttons}`
  return html`<video muted loop playsinline controls preload="none" width="${width}" height="${height}" ${
    clip.poster !== null && html`poster="${clip.poster}"`
  } aria-label="Clip of ${name}" src="${clip.video}"></video>${buttons}`
}

/** Hidden until the script is there to remember what is pressed. */
const renderMarks = (name: string): Html => html`
<div class="marks" hidden><button type="button" name="kept" aria-pressed="false" aria-label="Keep ${name}">Keep</button><button type="button" name="rejected" aria-pressed="false" aria-label="Reject ${name}">Reject</button></div>`

/** A clip that can be kept: `data-clip` is how `svd download --kept` names it. */
const renderClip = (clip: SheetClip, jobId: string, context: ClipContext): Html => html`
<div class="clip" data-clip="${jobId}/${clip.index}" role="group" aria-label="${context.name}" tabindex="-1"><div class="screen">${renderMedia(clip, context)}</div>${renderMarks(context.name)}</div>`

const renderFailed = (clip: RejectedSheetClip, { name, ...context }: ClipContext): Html => html`
<div class="clip failed-checks"><div class="screen"><b class="badge">Failed its checks</b>${renderMedia(clip, { ...context, name: `${name}, failed its checks` })}</div></div>`

const STILL_WORDS: Readonly<Record<string, string>> = {
  queued: 'In the queue',
  preparing: 'Being prepared',
  rendering: 'Rendering',
  publishing: 'Being published',
  failed: 'No clip',
  cancelled: 'Cancelled',
  succeeded: 'Clip not at hand',
}

const renderStill = ({ status, thumbnail }: SheetJob, context: ClipContext): Html => html`
<div class="still">${
  thumbnail === null
    ? renderBlank(context)
    : html`<img src="${thumbnail}" width="${context.width}" height="${context.height}" loading="lazy" alt="">`
}<span>${STILL_WORDS[status.state] ?? ''}</span></div>`

const renderAll = (job: SheetJob, context: ClipContext): Html | readonly Html[] => {
  const { clips, rejected } = job
  if (clips.length > 0)
    return clips.map((clip) => {
      const name = clips.length > 1 ? `${context.name}, video ${clip.index + 1}` : context.name
      return renderClip(clip, job.status.jobId, { ...context, name })
    })
  if (rejected.length > 0) return rejected.map((clip) => renderFailed(clip, context))
  return renderStill(job, context)
}

/** Renders the clips of a job; if it has none, those that failed their checks; else its input image. */
export const renderClips = (job: SheetJob, name: string): Html => {
  const { width, height } = job.status.parameters
  const context = { name, width, height }
  const isSeveral = Math.max(job.clips.length, job.rejected.length) > 1
  return html`<div class="clips${isSeveral && ' several'}">${renderAll(job, context)}</div>`
}
