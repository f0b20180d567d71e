import type { RunInFull } from '../../api/answers.ts'
import { pathOf, post } from '../../api/client.ts'
import { useShortcuts } from '../../base/keyboard.ts'
import { may } from '../../base/session.ts'
import { attempt } from '../../base/toasts.tsx'
import { callInDoubt, useAskedCall } from '../../parts/asked-call.ts'
import { confirmed, type Question } from '../../parts/confirm-dialog.tsx'

interface Action {
  id: string
  label: string
  role: 'operator' | 'approver'
  /** Why it cannot be done now; undefined where it can. */
  refused: string | undefined
  question: Question
  path: string
  body(reason: string): object
  done: string
  look?: 'primary' | 'danger'
}

/** What a person may say to this run now. Each goes out with a key of its own, so that pressing twice does it once. */
export function RunActions({ run, onDone }: { run: RunInFull; onDone: () => void }) {
  const wanted = useAskedCall(run)
  const call = run.state.endsWith('suspended') ? callInDoubt(run) : wanted
  const actions = actionsFor(run, call?.step).filter(({ role }) => may(role))
  const act = async (action: Action): Promise<void> => {
    const reason = await confirmed(action.question)
    if (reason === undefined) return
    await attempt(() => post(action.path, { body: action.body(reason) }), action.done)
    onDone()
  }
  const cancel = actions.find(({ id }) => id === 'cancel')
  useShortcuts(
    cancel && cancel.refused === undefined ? [{ keys: 'x', label: 'Cancel the run', run: () => void act(cancel) }] : [],
  )
  return (
    <>
      {actions.map((action) => (
        <button
          key={action.id}
          type="button"
          class={`button ${action.refused === undefined ? (action.look ?? '') : ''}`}
          aria-disabled={action.refused === undefined ? undefined : 'true'}
          title={action.refused}
          onClick={() => action.refused === undefined && void act(action)}
        >
          {action.label}
        </button>
      ))}
    </>
  )
}

function actionsFor({ id, state, outcome, device }: RunInFull, step: string | undefined): Action[] {
  const ended = outcome === null ? undefined : `It has ended: it ${outcome}`
  const at = state.split('.').at(-1)
  // About the step that is shown: where another one waits by now, the word is refused.
  const about = step === undefined ? {} : { step }
  const decide = (decision: 'retry' | 'skip' | 'abort', label: string, text: string): Action => ({
    id: decision,
    label,
    role: 'operator',
    refused: undefined,
    question: { title: `${label}?`, text, action: label, reason: true, danger: decision === 'abort' },
    path: pathOf('runs', id, 'decide'),
    body: (reason) => ({ decision, reason, ...about }),
    done: { retry: 'The step is done again', skip: 'The step counts as done', abort: 'The run is given up' }[decision],
    ...(decision === 'retry' ? { look: 'primary' as const } : {}),
  })
  const answer = (word: 'approve' | 'deny', label: string, text: string, done: string): Action => ({
    id: word,
    label,
    role: 'approver',
    refused: undefined,
    question: { title: `${label}?`, text, action: label, reason: true, danger: word === 'deny' },
    path: pathOf('runs', id, word),
    body: (reason) => ({ reason, ...about }),
    done,
    ...(word === 'approve' ? { look: 'primary' as const } : {}),
  })
  const person: Action[] =
    at === 'awaitingApproval'
      ? [
          answer('approve', 'Approve', 'The run goes on and does what it asked for.', 'Approved'),
          answer('deny', 'Deny', 'The run ends without doing it; cleanup runs, then the device is released.', 'Denied'),
        ]
      : at === 'suspended'
        ? [
            decide('retry', 'Retry the step', 'Nobody knows whether it was done. It is called once more.'),
            decide('skip', 'Take it as done', 'The step counts as done, and the next one begins.'),
            decide('abort', 'Give up', 'The run ends here; cleanup runs, then the device is released.'),
          ]
        : []
  const cancel: Action = {
    id: 'cancel',
    label: 'Cancel',
    role: 'operator',
    refused: ended ?? (at === 'cleaning' ? 'It is cleaning up, and ends by itself' : undefined),
    question: {
      title: 'Cancel this run?',
      text: `It stops at once.${device === null ? '' : ` Cleanup runs, then ${device} is released.`}`,
      action: 'Cancel the run',
      danger: true,
      reason: true,
    },
    path: pathOf('runs', id, 'cancel'),
    body: (reason) => ({ reason }),
    done: 'Cancelled',
    look: 'danger',
  }
  return [...person, ...(at === 'suspended' ? [] : [cancel])]
}
