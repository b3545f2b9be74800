import { type HTMLElement, type HTMLSelectElement, Window } from 'happy-dom'
import {
  type ContactSheetOptions,
  renderContactSheet,
} from '../../../../../worker/client/contact-sheet/render-contact-sheet.ts'
import type { SheetJob } from '../../../../../worker/client/contact-sheet/sheet-job.ts'

const HEADING = { title: 'Clips', subtitle: 's3://out', madeAt: '2026-11-24T13:00:00.000Z' }

export interface OpenSheetOptions extends Partial<ContactSheetOptions> {
  readonly url?: string
  /** Entries that the browser has stored on earlier visits. */
  readonly stored?: Readonly<Record<string, string>>
  /** Whether the browser refuses to store anything. */
  readonly forgets?: boolean
  /** Whether the browser refuses the clipboard. */
  readonly keepsClipboard?: boolean
  /** Whether the reader prefers reduced motion. */
  readonly calm?: boolean
}

type SightCallback = (
  entries: readonly { readonly target: HTMLElement; readonly isIntersecting: boolean }[],
) => void

/** Popovers as browsers have them, without light dismissal. happy-dom itself does not report which ones are open. */
const addPopovers = ({ HTMLElement: { prototype } }: Window): void => {
  const open = new WeakSet<HTMLElement>()
  const { matches } = prototype
  Object.assign(prototype, {
    showPopover(this: HTMLElement) {
      if (open.has(this)) throw new Error('InvalidStateError: the popover is open')
      open.add(this)
    },
    hidePopover(this: HTMLElement) {
      if (!open.delete(this)) throw new Error('InvalidStateError: the popover is closed')
    },
    matches(this: HTMLElement, selector: string) {
      return selector === ':popover-open' ? open.has(this) : matches.call(this, selector)
    },
  })
}

/** Opens a page of these jobs in a window without a screen, in which its own script runs. */
export const openSheet = async (jobs: readonly SheetJob[], options: OpenSheetOptions = {}) => {
  const {
    url = 'file:///day/sheet.html',
    stored = {},
    forgets = false,
    keepsClipboard = false,
    calm = false,
  } = options
  const window = new Window({
    url,
    settings: { enableJavaScriptEvaluation: true, suppressInsecureJavaScriptEnvironmentWarning: true },
  })
  const { document } = window
  addPopovers(window)
  for (const [key, value] of Object.entries(stored)) window.localStorage.setItem(key, value)
  if (forgets) {
    Object.defineProperty(window, 'localStorage', {
      get() {
        throw new Error('SecurityError')
      },
    })
  }
  const copied: string[] = []
  const saved: { readonly name: string; readonly blob: Blob }[] = []
  const blobs = new Map<string, Blob>()
  Object.assign(window.navigator.clipboard, {
    async writeText(text: string) {
      if (keepsClipboard) throw new Error('NotAllowedError')
      copied.push(text)
    },
  })
  Object.assign(window.URL, {
    createObjectURL(blob: Blob) {
      const address = `blob:${blobs.size}`
      blobs.set(address, blob)
      return address
    },
    revokeObjectURL: (address: string) => blobs.delete(address),
  })
  let onSight: SightCallback = () => {}
  Object.assign(window, {
    confirm: () => true,
    matchMedia: () => ({ matches: calm, addEventListener() {} }),
    IntersectionObserver: class {
      constructor(callback: SightCallback) {
        onSight = callback
      }
      observe() {}
    },
  })
  Object.assign(window.HTMLAnchorElement.prototype, {
    click(this: { href: string; download: string }) {
      const blob = blobs.get(this.href)
      if (blob !== undefined) saved.push({ name: this.download, blob })
    },
  })
  document.write(await renderContactSheet(jobs, { ...HEADING, ...options }))

  const find = (selector: string): HTMLElement => {
    const found = document.querySelector(selector)
    if (found === null) throw new Error(`the page has no ${selector}`)
    return found as HTMLElement
  }
  const shown = (selector: string): readonly HTMLElement[] =>
    ([...document.querySelectorAll(selector)] as HTMLElement[]).filter(
      (element) => element.closest('[hidden]') === null,
    )
  return {
    window,
    document,
    copied,
    saved,
    find,
    /** Scrolls an element into view or out of it. */
    see: (target: HTMLElement, isIntersecting: boolean) => onSight([{ target, isIntersecting }]),
    /** Elements that are not hidden and not inside a hidden element. */
    shown,
    /** Headings of the cards that are shown, in order: the image's name, and what distinguishes the job. */
    cards: () =>
      shown('.card').map((card) =>
        `${card.querySelector('.image-name')?.textContent ?? ''} ${card.querySelector('h3')?.textContent}`.trim(),
      ),
    choose(selector: string, value: string) {
      const field = find(selector) as HTMLSelectElement
      field.value = value
      field.dispatchEvent(new window.Event('input', { bubbles: true }))
    },
    press(key: string, init: object = {}) {
      const target = document.activeElement ?? document.body
      target.dispatchEvent(
        new window.KeyboardEvent('keydown', { key, bubbles: true, cancelable: true, ...init }),
      )
    },
  }
}
