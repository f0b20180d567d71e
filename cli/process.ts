import { AppError } from '../core/errors.ts'

/** Longest time that an orderly end may take, in milliseconds. */
const GRACE_MS = 15_000

/** Ends in order on Ctrl-C and SIGTERM; a second signal, or an end that hangs, ends at once. */
export function onEnd(stop: () => Promise<void>): void {
  let ending = false
  const end = (): void => {
    if (ending) process.exit(130)
    ending = true
    setTimeout(() => process.exit(1), GRACE_MS).unref()
    stop().then(
      () => process.exit(0),
      (error: unknown) => endWith(error),
    )
  }
  process.on('SIGINT', end)
  process.on('SIGTERM', end)
}

/** Says what stood in the way in one sentence. Exit code 2: the environment or configuration; 1: anything else. */
export function endWith(error: unknown): never {
  const known = error instanceof AppError
  const text = known ? error.message : error instanceof Error ? (error.stack ?? error.message) : String(error)
  process.stderr.write(`troupe: ${text}\n`)
  process.exit(known && (error.code === 'config.invalid' || /^(database|backup)\./.test(error.code)) ? 2 : 1)
}
