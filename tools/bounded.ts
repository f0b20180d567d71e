import { AppError } from '../core/errors.ts'

/** What may stop a call: its own time, or the run. */
export function boundedSignal(signal: AbortSignal, limitMs: number): AbortSignal {
  return AbortSignal.any([signal, AbortSignal.timeout(limitMs)])
}

/** Reads a body to its end. Throws `tool.bad_output` at the first byte too many, and reads no further. */
export async function readBounded(body: AsyncIterable<Uint8Array>, maxBytes: number): Promise<Uint8Array> {
  const chunks: Uint8Array[] = []
  let size = 0
  for await (const chunk of body) {
    size += chunk.byteLength
    if (size > maxBytes) throw new AppError('tool.bad_output', `The answer is larger than ${maxBytes} bytes`)
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}

/**
 * Translates what a network call threw: `tool.aborted` when the run stopped it, else `tool.unavailable`, which may be
 * tried again. `target` says who did not answer.
 */
export function callFailure(cause: unknown, target: string, signal: AbortSignal): AppError {
  if (cause instanceof AppError) return cause
  if (signal.aborted) return new AppError('tool.aborted', `The call to ${target} was stopped`, { cause })
  return new AppError(
    'tool.unavailable',
    `${target} ${isTimeout(cause) ? 'did not answer in time' : 'cannot be reached'}`,
    {
      cause,
    },
  )
}

/** Node wraps the reason of an abort in an error of its own. */
function isTimeout(cause: unknown): boolean {
  return cause instanceof Error && (cause.name === 'TimeoutError' || isTimeout(cause.cause))
}
