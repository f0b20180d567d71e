import { cleanText } from '../core/parse-json.ts'
import type { Attributes } from './cloudevent-attributes.ts'
import { malformed } from './malformed.ts'

/** The `ce-*` headers of the binary content mode as attributes. Throws `source.malformed` and names the header. */
export function attributesOfHeaders(headers: ReadonlyMap<string, string>): Attributes {
  const attributes: Attributes = new Map()
  for (const [header, value] of headers) {
    if (!header.startsWith('ce-')) continue
    const name = header.slice('ce-'.length)
    if (name === 'datacontenttype') throw malformed(header, 'must not appear: Content-Type says it')
    attributes.set(name, decodeHeader(value, header))
  }
  return attributes
}

/** First double quotes come off, then one round of percent-decoding; bytes that are not UTF-8 are refused. */
function decodeHeader(value: string, header: string): string {
  const quoted = /^"((?:[^"\\]|\\.)*)"$/.exec(value.trim())
  const text = quoted?.[1] === undefined ? value.trim() : quoted[1].replaceAll(/\\(.)/g, '$1')
  try {
    return cleanText(decodeURIComponent(text))
  } catch (cause) {
    if (cause instanceof URIError) throw malformed(header, 'expected percent-encoded UTF-8')
    throw cause
  }
}
