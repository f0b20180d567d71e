const NAMES =
  'authorization|cookie|secret|password|passwd|passphrase|token|api[-_]?key|private[-_]?key|credential|signature'
const NAMED = new RegExp(NAMES, 'i')
/** What stands where a secret stood. */
export const CUT = '[cut]'

/** What secrets look like in the middle of a text, whoever wrote it: what is kept, then the secret. */
const SHAPES: readonly RegExp[] = [
  /(\btr[ps]_)[A-Za-z0-9_-]{8,}/g,
  /(\bwhsec_)[A-Za-z0-9+/=]{8,}/g,
  /(\b(?:Bearer|Basic) +)[^\s"'\\,;]{4,}/gi,
  // The user-info part of a URL.
  /(\/\/)[^/@\s"'\\]{1,500}@/g,
  new RegExp(String.raw`([?&][\w.-]{0,60}(?:${NAMES}|sig|key)[\w.-]{0,60}=)[^&#\s"'\\]+`, 'gi'),
  // JSON inside a text, however often it was quoted.
  new RegExp(String.raw`(\\*"[\w.-]{0,60}(?:${NAMES})[\w.-]{0,60}\\*"\s?:\s?\\*")[^"\\]+`, 'gi'),
  // Fencing tokens are numbers, and facts worth telling.
  new RegExp(String.raw`(\b(?:${NAMES})\s?[=:]\s?)(?!\d+\b|\[cut\])[^\s"'\\,;&]+`, 'gi'),
]

/** A text without what looks like a secret in it. */
export function scrub(text: string): string {
  return SHAPES.reduce((rest, shape) => rest.replace(shape, `$1${CUT}`), text)
}

/** Whether a member of this name holds a secret. Numbers never do: a fencing token is one. */
export function isSecret(name: string, value: unknown): boolean {
  return NAMED.test(name) && typeof value !== 'number' && typeof value !== 'boolean' && value !== null
}

/** JSON without secrets, to be looked at: what is called one is cut, and what looks like one inside other texts. */
export function withoutSecrets(json: string): string {
  if (!NAMED.test(json) && scrub(json) === json) return json
  return JSON.stringify(JSON.parse(json), (name, value: unknown) => {
    if (isSecret(name, value)) return CUT
    return typeof value === 'string' ? scrub(value) : value
  })
}
