import { useSignal } from '@preact/signals'
import type { DeadLetter } from '../../api/answers.ts'
import { pathOf, post } from '../../api/client.ts'
import { actorPath } from '../../base/router.ts'
import { may } from '../../base/session.ts'
import { attempt } from '../../base/toasts.tsx'
import { CodeEditor, type TextProblem } from '../../parts/code-editor.tsx'
import { confirmed } from '../../parts/confirm-dialog.tsx'
import { CurlHint } from '../../parts/curl-hint.tsx'
import { Facts } from '../../parts/facts.tsx'
import { jsonProblem } from '../../parts/json-problem.ts'
import { JsonTree } from '../../parts/json-tree.tsx'
import { Ago } from '../../parts/time.tsx'
import { KindBadge } from './kind-badge.tsx'

/** A message that its actor could not handle: why, and the message itself, to be mended and sent again. */
export function LetterInFull({ letter, onDone }: { letter: DeadLetter; onDone: () => void }) {
  const { id, address, event, reason, error, sender, cause, revision, createdAt } = letter
  const original = JSON.stringify(event, null, 2)
  const text = useSignal(original)
  const problem = eventProblem(text.value)
  const edited = text.value !== original
  const redrive = async (): Promise<void> => {
    const body = edited ? { event: JSON.parse(text.value) as unknown } : {}
    const done = edited ? 'Sent again, edited' : 'Sent again as it was'
    if (await attempt(() => post(pathOf('dead-letters', String(id), 'redrive'), { body }), done)) onDone()
  }
  const discard = async (): Promise<void> => {
    const given = {
      title: `Discard ${event.type}?`,
      text: `${address} never gets it.`,
      action: 'Discard',
      danger: true,
    }
    if ((await confirmed(given)) === undefined) return
    if (await attempt(() => post(pathOf('dead-letters', String(id), 'discard')), 'Discarded')) onDone()
  }
  return (
    <>
      <h2>
        {event.type} <KindBadge kind="letter" />
      </h2>
      <p class="detail-line" data-tone="bad">
        {reason}
      </p>
      <Facts
        facts={[
          ['Letter', id],
          ['For', <a href={actorPath(address, revision === null ? '' : `?at=${revision}`)}>{address}</a>],
          ['Stood at', revision === null ? null : `revision ${revision}`],
          ['From', sender],
          ['Caused by', cause],
          ['Since', <Ago at={createdAt} />],
        ]}
      />
      {error !== null && (
        <details class="side-part">
          <summary>The error</summary>
          <JsonTree value={error} depth={3} />
        </details>
      )}
      {may('operator') ? (
        <>
          <CodeEditor
            label="The message as JSON"
            language="json"
            value={text.value}
            problems={problem}
            onChange={(value) => (text.value = value)}
            saveWord="redrives"
            onSave={() => problem.length === 0 && void redrive()}
          />
          <div class="side-buttons">
            <button type="button" class="button primary" disabled={problem.length > 0} onClick={() => void redrive()}>
              {edited ? 'Redrive edited' : 'Redrive'}
            </button>
            {edited && (
              <button type="button" class="button" onClick={() => (text.value = original)}>
                Undo the edit
              </button>
            )}
            <button type="button" class="button danger" onClick={() => void discard()}>
              Discard
            </button>
          </div>
        </>
      ) : (
        <section class="side-part" aria-label="The message">
          <JsonTree value={event} depth={3} />
        </section>
      )}
      <CurlHint
        method="POST"
        path={`/v1/dead-letters/${id}/redrive`}
        body={edited && problem.length === 0 ? { event: JSON.parse(text.value) } : {}}
      />
    </>
  )
}

function eventProblem(text: string): TextProblem[] {
  const problem = jsonProblem(text)
  if (problem) return [problem]
  const event: unknown = JSON.parse(text)
  const typed = typeof event === 'object' && event !== null && 'type' in event && typeof event.type === 'string'
  return typed && event.type !== '' ? [] : [{ line: 1, column: 1, message: 'expected an object with a type' }]
}
