import { AppError } from '../../../core/errors.ts'
import type { Json } from '../../../core/json.ts'
import { environment, fromCel, SCOPE_NAMES, stepsIn, tooDear } from './cel.ts'
import { PASSES, refused, type Verdict } from './verdict.ts'

const MAX_BYTES = 1024

/** What an expression sees; what is not given is null. `now` is an ISO time and becomes a CEL timestamp. */
export type Scope = Partial<Record<(typeof SCOPE_NAMES)[number], unknown>>

/** A compiled CEL expression. */
export interface Expression {
  readonly text: string
  /** What it gives as far as can be told before running it: `bool`, `string`, `dyn` … */
  readonly type: string
  /** The steps it names. */
  readonly steps: readonly string[]
  /** Throws `expression.failed`. */
  run(scope: Scope): Json
}

/** Compiles one expression of at most 1 KiB; throws `expression.invalid` for what can be told without a value. */
export function compileExpression(text: string): Expression {
  if (Buffer.byteLength(text) > MAX_BYTES) throw invalid(text, `is longer than ${MAX_BYTES} bytes`)
  const parsed = translate(
    () => environment.parse(text),
    (reason, cause) => invalid(text, reason, cause),
  )
  const dear = tooDear(parsed.ast)
  if (dear !== undefined) throw invalid(text, dear)
  // Before the type check, which rewrites loops into a form of its own.
  const steps = [...new Set(stepsIn(parsed.ast))]
  const checked = parsed.check()
  if (!checked.valid) throw invalid(text, summary(checked.error), checked.error)
  return {
    text,
    type: checked.type ?? 'dyn',
    steps,
    run: (scope) =>
      translate(
        () => fromCel(parsed(context(scope))),
        (reason, cause) => failed(text, reason, cause),
      ),
  }
}

/** The value of an expression; throws `expression.invalid` or `expression.failed`. */
export function evaluate(expression: Expression | string, scope: Scope): Json {
  return (typeof expression === 'string' ? compileExpression(expression) : expression).run(scope)
}

/** Whether a condition holds. Anything but true is no: an error or a missing path refuses, and says so. */
export function holds(expression: Expression, scope: Scope): Verdict {
  try {
    const value = expression.run(scope)
    if (value === true) return PASSES
    return refused(value === false ? `${expression.text} is false` : `${expression.text} is neither true nor false`)
  } catch (error) {
    if (error instanceof AppError) return refused(error.message)
    throw error
  }
}

function context(scope: Scope): Record<string, unknown> {
  const values = Object.fromEntries(SCOPE_NAMES.map((name) => [name, scope[name] ?? null]))
  const time = typeof scope.now === 'string' ? new Date(scope.now) : undefined
  return time && !Number.isNaN(time.getTime()) ? { ...values, now: time } : values
}

function translate<T>(work: () => T, toError: (reason: string, cause: unknown) => AppError): T {
  try {
    return work()
  } catch (error) {
    throw toError(summary(error), error)
  }
}

/** The library's short text, without its drawing of the source. */
function summary(error: unknown): string {
  if (error instanceof Error && 'summary' in error && typeof error.summary === 'string') return error.summary
  return error instanceof Error ? error.message : String(error)
}

function invalid(text: string, reason: string, cause?: unknown): AppError {
  return new AppError('expression.invalid', `${excerpt(text)}: ${reason}`, {
    details: { expression: excerpt(text), reason },
    cause,
  })
}

function failed(text: string, reason: string, cause: unknown): AppError {
  return new AppError('expression.failed', `${excerpt(text)}: ${reason}`, {
    details: { expression: excerpt(text), reason },
    cause,
  })
}

function excerpt(text: string): string {
  return text.length > 120 ? `${text.slice(0, 117)}…` : text
}
