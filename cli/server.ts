import { AppError, toErrorRecord } from '../core/errors.ts'

/** Asks a running platform, whatever it answers. Throws `config.invalid`, with its URL and what to do, where none does. */
export async function askServer(base: string, path: string, request: RequestInit): Promise<Response> {
  try {
    return await fetch(`${base.replace(/\/$/, '')}${path}`, request)
  } catch (cause) {
    throw new AppError(
      'config.invalid',
      `No platform answers at ${base} (${reasonOf(cause)}). Check --url and that it runs; without --url the database is looked into.`,
      { cause },
    )
  }
}

/** `fetch failed` hides why in its cause, which for a name with several addresses has only a code. */
function reasonOf(error: unknown): string {
  const inner = error instanceof Error ? (error.cause ?? error) : error
  const code = inner instanceof Error && 'code' in inner ? String(inner.code) : ''
  return toErrorRecord(inner).message || code
}
