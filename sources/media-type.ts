/** The media type of a request in lower case, without its parameters; empty when it names none. */
export function mediaType(headers: ReadonlyMap<string, string>): string {
  return bareType(headers.get('content-type') ?? '')
}

/** `Application/JSON; charset=utf-8` → `application/json`. */
export function bareType(contentType: string): string {
  return (contentType.split(';', 1)[0] ?? '').trim().toLowerCase()
}

export function isJsonType(contentType: string): boolean {
  const type = bareType(contentType)
  return type === 'application/json' || type === 'text/json' || type.endsWith('+json')
}
