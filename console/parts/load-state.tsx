import type { ApiError } from '../api/problem.ts'
import { remedyOf } from '../api/problem.ts'
import { EmptyState } from './empty-state.tsx'

/** What is seen until the first answer is there: after a moment only, so that a quick answer does not flicker. */
export function Loading() {
  return (
    <div class="loading" role="status">
      <span class="quiet">Loading</span>
      {[72, 54, 63, 40].map((width) => (
        <span key={width} class="loading-line" style={{ width: `${width}%` }} />
      ))}
    </div>
  )
}

/** Where nothing could be read at all: why, and what to do about it. */
export function LoadProblem({ error, onRetry }: { error: ApiError; onRetry: () => void }) {
  if (error.status === 404) {
    return (
      <EmptyState title="There is none" icon="search">
        <p>{error.message}. It may belong to another team, or the address was mistyped.</p>
      </EmptyState>
    )
  }
  return (
    <EmptyState title="This could not be read" icon="alert">
      <p>
        {error.message}. {remedyOf(error)}
      </p>
      <button type="button" class="button" onClick={onRetry}>
        Try again
      </button>
    </EmptyState>
  )
}
