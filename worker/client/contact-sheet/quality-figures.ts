import type { ClipQuality } from '../../../shared/contracts/result-record.ts'
import { renderFigure } from './figure.ts'
import { type Html, html } from './html.ts'
import type { Meaning } from './meanings.ts'

const figure = (meaning: Meaning, label: string, value: string): Html =>
  html`<li>${renderFigure(meaning, label, value)}</li>`

/** A clip's figures in one line, and what they were found to show. */
export const renderQuality = (quality: ClipQuality): Html => html`
<ul class="quality">
${figure('likeness', 'likeness', `${quality.first_frame_psnr_db.toFixed(1)} dB`)}
${
  quality.smallest_frame_change !== null &&
  quality.largest_frame_change !== null &&
  figure(
    'motion',
    'motion',
    `${quality.smallest_frame_change.toFixed(1)}–${quality.largest_frame_change.toFixed(1)}`,
  )
}
${quality.seam_change_ratio !== null && figure('seams', 'seams', `×${quality.seam_change_ratio.toFixed(2)}`)}
${figure('darkest', 'darkest', quality.darkest_frame_mean.toFixed(0))}
${figure('frames', 'frames', String(quality.container_frames))}
${quality.non_finite_values > 0 && figure('non-finite', 'not finite', String(quality.non_finite_values))}
</ul>
${quality.faults.length > 0 && html`<p class="faults">${quality.faults.join('; ')}</p>`}
${quality.warnings.length > 0 && html`<p class="warnings"><b>Warning</b> ${quality.warnings.join('; ')}</p>`}`
