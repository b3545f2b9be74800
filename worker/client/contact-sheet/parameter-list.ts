import type { ParametersDocument } from '../../../shared/contracts/parameters-document.ts'
import {
  differsFromUsual,
  PARAMETER_NAMES,
  type ParameterName,
  parameterText,
  type UsualParameters,
} from '../tracking/parameter-differences.ts'
import { type Html, html } from './html.ts'

interface Chip {
  /** The parameters it tells. */
  readonly of: readonly ParameterName[]
  readonly text: string
}

const isSet = (value: unknown): boolean => value !== null && value !== undefined

/** In people's words, the ones that decide most first. */
const chipsOf = (parameters: ParametersDocument): readonly Chip[] => [
  { of: ['width', 'height'], text: `${parameters.width}×${parameters.height}` },
  { of: ['num_frames'], text: `${parameters.num_frames} frames` },
  { of: ['fps'], text: `${parameters.fps} fps` },
  isSet(parameters.sigmas)
    ? { of: ['sigmas', 'num_inference_steps'], text: `sigmas ${parameterText('sigmas', parameters)}` }
    : { of: ['num_inference_steps', 'sigmas'], text: `${parameters.num_inference_steps} steps` },
  { of: ['motion_bucket_id'], text: `motion ${parameters.motion_bucket_id}` },
  { of: ['seed'], text: `seed ${parameters.seed}` },
]

/** Told only where they differ. */
const rareChip = (name: ParameterName, parameters: ParametersDocument): Chip => ({
  of: [name],
  text: `${name.replaceAll('_', ' ')} ${parameterText(name, parameters)}`,
})

/** The main parameters and all that differ, from the usual or within the sweep; those stand out. */
export const renderParameterChips = (
  parameters: ParametersDocument,
  usual: UsualParameters,
  swept: readonly ParameterName[],
): Html => {
  const differs = (name: ParameterName): boolean =>
    swept.includes(name) || differsFromUsual(name, parameters, usual)
  const main = chipsOf(parameters)
  const told = new Set(main.flatMap(({ of }) => of))
  const rare = PARAMETER_NAMES.filter((name) => !told.has(name) && differs(name))
  const chips = [...main, ...rare.map((name) => rareChip(name, parameters))]
  return html`<ul class="chips">${chips.map(({ of, text }) =>
    of.some(differs) ? html`<li class="differs">${text}</li>` : html`<li>${text}</li>`,
  )}</ul>`
}

/** Every parameter by its name, with what is usual where it differs. */
export const renderParameterTable = (parameters: ParametersDocument, usual: UsualParameters): Html => html`
<table><tbody>${PARAMETER_NAMES.map((name) => {
  const differs = differsFromUsual(name, parameters, usual)
  const usualText = differs && parameterText(name, { ...parameters, ...usual })
  return html`<tr ${differs && html`class="differs"`}><th scope="row">${name}</th><td>${parameterText(name, parameters)}${
    usualText !== false && html` <small>usually ${usualText}</small>`
  }</td></tr>`
})}</tbody></table>`
