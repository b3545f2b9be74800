import type { ClipQuality } from '../../../shared/contracts/result-record.ts'
import { type Html, html } from './html.ts'

const figure = (label: string, value: string, meaning: string): Html =>
  html`<li title="${meaning}">${label} <b>${value}</b></li>`

/** A clip's figures in one line, and what they were found to show. */
export const renderQuality = (quality: ClipQuality): Html => html`
<ul class="quality">
${figure('likeness', `${quality.first_frame_psnr_db.toFixed(1)} dB`, 'PSNR of the first frame against the fitted image')}
${
  quality.smallest_frame_change !== null &&
  quality.largest_frame_change !== null &&
  figure(
    'motion',
    `${quality.smallest_frame_change.toFixed(1)}–${quality.largest_frame_change.toFixed(1)}`,
    'Smallest and largest mean change between neighbouring frames, in levels of 255',
  )
}
${
  quality.seam_change_ratio !== null &&
  figure(
    'seams',
    `×${quality.seam_change_ratio.toFixed(2)}`,
    'Largest change where decode chunks meet, over the median change elsewhere',
  )
}
${figure('darkest', quality.darkest_frame_mean.toFixed(0), 'Mean brightness of the darkest frame, of 255')}
${figure('frames', String(quality.container_frames), 'Frames, as the MP4 itself says')}
${
  quality.non_finite_values > 0 &&
  figure(
    'not finite',
    String(quality.non_finite_values),
    'NaN or infinite values before the frames became bytes',
  )
}
</ul>
${quality.faults.length > 0 && html`<p class="faults">${quality.faults.join('; ')}</p>`}
${quality.warnings.length > 0 && html`<p class="warnings"><b>Warning</b> ${quality.warnings.join('; ')}</p>`}`
