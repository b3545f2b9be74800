import type { ClipMetadata } from '../../shared/contracts/clip-record.ts'
import { clipTags } from './clip-tags.ts'

/**
 * Term of IPTC's vocabulary of digital source types for media that a trained model has generated.
 * https://cv.iptc.org/newscodes/digitalsourcetype/
 */
export const TRAINED_ALGORITHMIC_MEDIA =
  'http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia'

const ENTITIES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' }

/** XML 1.0 has no spelling for most control characters, which file names may hold. */
const xmlText = (text: string): string =>
  text
    .replaceAll(/[^\t\n\r\x20-\uFFFD\u{10000}-\u{10FFFF}]/gu, '\uFFFD')
    .replaceAll(/[&<>"]/g, (c) => ENTITIES[c] ?? c)

const alternatives = (text: string): string =>
  `<rdf:Alt><rdf:li xml:lang="x-default">${xmlText(text)}</rdf:li></rdf:Alt>`

/** XMP packet of a clip: title, description, program, and that a trained model generated it. */
export const xmpPacket = (metadata: ClipMetadata): string => {
  const { title, description, software } = clipTags(metadata)
  return [
    '<?xpacket begin="\uFEFF" id="W5M0MpCehiHzreSzNTczkc9d"?>',
    '<x:xmpmeta xmlns:x="adobe:ns:meta/">',
    '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">',
    '<rdf:Description rdf:about=""',
    ' xmlns:dc="http://purl.org/dc/elements/1.1/"',
    ' xmlns:xmp="http://ns.adobe.com/xap/1.0/"',
    ' xmlns:Iptc4xmpExt="http://iptc.org/std/Iptc4xmpExt/2008-02-29/">',
    `<dc:title>${alternatives(title)}</dc:title>`,
    `<dc:description>${alternatives(description)}</dc:description>`,
    `<xmp:CreatorTool>${xmlText(software)}</xmp:CreatorTool>`,
    `<Iptc4xmpExt:DigitalSourceType>${TRAINED_ALGORITHMIC_MEDIA}</Iptc4xmpExt:DigitalSourceType>`,
    '</rdf:Description>',
    '</rdf:RDF>',
    '</x:xmpmeta>',
    '<?xpacket end="r"?>',
  ].join('\n')
}
