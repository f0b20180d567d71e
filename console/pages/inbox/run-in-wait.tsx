import { useSignal } from '@preact/signals'
import type { Run, RunInFull, Why } from '../../api/answers.ts'
import { pathOf, post } from '../../api/client.ts'
import { actorPath } from '../../base/router.ts'
import { may } from '../../base/session.ts'
import { attempt } from '../../base/toasts.tsx'
import { useResource } from '../../live/resource.ts'
import { callInDoubt, useAskedCall } from '../../parts/asked-call.ts'
import { CurlHint } from '../../parts/curl-hint.tsx'
import { Facts } from '../../parts/facts.tsx'
import { Ago, Countdown } from '../../parts/time.tsx'
import { AskedStep } from './asked-step.tsx'
import { KindBadge } from './kind-badge.tsx'

interface Word {
  label: string
  path: string
  body: Record<string, string>
  /** How the button looks. */
  look: 'primary' | 'danger' | ''
  done: string
  meaning: string
}

/** A run that waits for a word: what it wants to do or does not know, and the words it takes. */
export function RunInWait({ run, onDone }: { run: Run; onDone: () => void }) {
  const { id, address, agent, event, device, startedAt, state } = run
  const why = useResource<Why>(pathOf('actors', ...splitAddress(address), 'why'), [address]).data.value
  const reason = useSignal('')
  const asks = state.endsWith('awaitingApproval')
  const words = asks ? approvalWords(id) : doubtWords(id)
  const mayDecide = may(asks ? 'approver' : 'operator')
  const deadline = why?.delays.find((delay) => delay.event.includes('approval'))
  const wanted = useAskedCall(run)
  const full = useResource<RunInFull>(asks ? null : pathOf('runs', id), [address]).data.value
  const call = asks ? wanted : callInDoubt(full)
  // About the step that is shown: where another one waits by now, the word is refused.
  const about = call ? { step: call.step } : {}
  const say = async ({ path, body, done }: Word): Promise<void> => {
    if (await attempt(() => post(path, { body: { ...body, ...about, reason: reason.value.trim() } }), done)) onDone()
  }
  const first = words[0]
  return (
    <>
      <h2>
        {agent} <KindBadge kind={asks ? 'approval' : 'suspended'} />
      </h2>
      {why && <p class="detail-line">{why.waitingFor}</p>}
      <Facts
        facts={[
          ['Run', <a href={`/runs/${encodeURIComponent(id)}`}>{id}</a>],
          ['Chart', <a href={actorPath(address)}>see where it stands</a>],
          ['Because of', <a href={`/events/${encodeURIComponent(event.id)}`}>{event.type}</a>],
          ['Device', device],
          ['Started', <Ago at={startedAt} />],
          [
            'Answer is no in',
            deadline && (
              <>
                <Countdown until={new Date(deadline.dueAt).toISOString()} />
              </>
            ),
          ],
        ]}
      />
      {call && <AskedStep call={call} asks={asks} />}
      {mayDecide ? (
        <>
          <label class="field">
            Reason
            <input
              type="text"
              maxLength={1000}
              placeholder="For the history; may stay empty"
              value={reason}
              onInput={(input) => (reason.value = input.currentTarget.value)}
            />
          </label>
          <div class="side-buttons">
            {words.map((word) => (
              <button
                key={word.label}
                type="button"
                class={`button ${word.look}`}
                title={word.meaning}
                onClick={() => void say(word)}
              >
                {word.label}
              </button>
            ))}
          </div>
          <ul class="meanings muted small">
            {words.map(({ label, meaning }) => (
              <li key={label}>
                <strong>{label}</strong>: {meaning}
              </li>
            ))}
          </ul>
        </>
      ) : (
        <p class="muted">{asks ? 'An approver decides about it.' : 'An operator decides about it.'}</p>
      )}
      {first && <CurlHint method="POST" path={first.path} body={{ ...first.body, ...about, reason: 'I looked' }} />}
    </>
  )
}

function approvalWords(id: string): Word[] {
  return [
    {
      label: 'Approve',
      path: pathOf('runs', id, 'approve'),
      body: {},
      look: 'primary',
      done: 'Approved',
      meaning: 'it is called, once; nothing before it is done again',
    },
    {
      label: 'Deny',
      path: pathOf('runs', id, 'deny'),
      body: {},
      look: 'danger',
      done: 'Denied',
      meaning: 'it is not called; the run cleans up and fails',
    },
  ]
}

function doubtWords(id: string): Word[] {
  const path = pathOf('runs', id, 'decide')
  return [
    {
      label: 'Retry',
      path,
      body: { decision: 'retry' },
      look: 'primary',
      done: 'It does the step again',
      meaning: 'it was not done: do the step again',
    },
    {
      label: 'Skip',
      path,
      body: { decision: 'skip' },
      look: '',
      done: 'It goes on with the next step',
      meaning: 'it was done: go on with the next step',
    },
    {
      label: 'Abort',
      path,
      body: { decision: 'abort' },
      look: 'danger',
      done: 'It gives up',
      meaning: 'give up: clean up and give the device back',
    },
  ]
}

function splitAddress(address: string): [kind: string, key: string] {
  const slash = address.indexOf('/')
  return [address.slice(0, slash), address.slice(slash + 1)]
}
