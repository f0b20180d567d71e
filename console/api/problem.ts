/** A call that was refused or did not get through. `message` is for people; `code` is what to branch on. */
export class ApiError extends Error {
  override name = 'ApiError'
  /** 0: no answer at all. */
  readonly status: number
  readonly code: string
  /** What the machine takes instead, where a machine refused. */
  readonly allowedEvents: readonly string[]
  /** Every member of the problem document. */
  readonly details: Readonly<Record<string, unknown>>

  constructor(status: number, problem: Readonly<Record<string, unknown>>, options?: ErrorOptions) {
    const { detail, title, code, allowedEvents } = problem
    super(textOf(detail) ?? textOf(title) ?? `The server answered ${status}`, options)
    this.status = status
    this.code = textOf(code) ?? 'unknown'
    this.allowedEvents = Array.isArray(allowedEvents) ? allowedEvents.map(String) : []
    this.details = problem
  }
}

/** What a person can do about it, in a sentence; empty where the error says it all. */
export function remedyOf({ status, code, allowedEvents, details }: ApiError): string {
  if (status === 0) return 'The server does not answer. What you asked for may or may not have happened: look again.'
  if (status === 401) return 'Log in with a key.'
  if (status === 403)
    return `Ask an administrator for a key with the role ${textOf(details.needed) ?? 'that this needs'}.`
  if (status === 412) return 'Somebody else was faster. Look at how it stands now, and decide again.'
  if (status === 429 || status === 503) return 'Wait a moment, and try again.'
  if (code === 'event.refused') {
    return allowedEvents.length > 0 ? `It takes ${allowedEvents.join(', ')}.` : 'It takes no event any more.'
  }
  return ''
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined
}
