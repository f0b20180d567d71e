import { useSignal } from '@preact/signals'
import { useEffect } from 'preact/hooks'
import type { EventInFull, Verdict } from '../../api/answers.ts'
import { getJson, pathOf } from '../../api/client.ts'
import { ApiError } from '../../api/problem.ts'
import { useShortcuts } from '../../base/keyboard.ts'
import { navigate, queryOf } from '../../base/router.ts'
import { may } from '../../base/session.ts'
import { complain, tell } from '../../base/toasts.tsx'
import { CurlHint } from '../../parts/curl-hint.tsx'
import { DetailHead } from '../../parts/detail-head.tsx'
import { Section } from '../../parts/facts.tsx'
import { countText } from '../../parts/words.ts'
import { dryRun, inOurWords, publish } from './dry-running.ts'
import { eventPath } from './events.tsx'
import { RuleVerdicts } from './rule-verdicts.tsx'
import '../../parts/lists.css'
import './events.css'

const EXAMPLE = {
  type: 'alert.blackscreen.firing',
  subject: 'stb-1',
  severity: 'critical',
  data: { labels: { platform: 'stb' } },
}

/** Write an event, see who would get it and why the others would not, and publish it if that is what was meant. */
export function DryRun() {
  const from = queryOf('from')
  const text = useSignal(JSON.stringify(EXAMPLE, null, 2))
  const verdicts = useSignal<readonly Verdict[] | undefined>(undefined)
  const problem = useSignal('')
  useEffect(() => {
    if (from === '') return
    getJson<EventInFull>(pathOf('events', from)).then(
      ({ event }) => {
        text.value = JSON.stringify(inOurWords(event), null, 2)
        verdicts.value = undefined
      },
      (error: unknown) => complain(error),
    )
  }, [from])

  /** Does it with what is written, and says beside the field what is wrong with that. */
  const withEvent = async (work: (event: unknown) => Promise<void>): Promise<void> => {
    problem.value = ''
    try {
      await work(JSON.parse(text.value))
    } catch (error) {
      if (error instanceof SyntaxError) problem.value = `This is not JSON: ${error.message}`
      else if (error instanceof ApiError) problem.value = error.message
      else throw error
    }
  }
  const look = (): Promise<void> =>
    withEvent(async (event) => {
      verdicts.value = await dryRun(event)
    })
  const send = (): Promise<void> =>
    withEvent(async (event) => {
      const { id, status, deliveries } = await publish(event)
      if (status === 'duplicate') {
        tell('The log has this very event already')
      } else {
        tell(`Published: it reached ${countText(deliveries.length, 'actor')}`)
      }
      navigate(eventPath(id))
    })
  useShortcuts([{ keys: 'Ctrl+enter', label: 'Dry run', run: () => void look() }])
  return (
    <>
      <DetailHead back={{ href: '/events', label: 'Events' }} title="Dry run">
        <button type="button" class="button" title="Ctrl Enter" onClick={() => void look()}>
          Dry run
        </button>
        {may('operator') && (
          <button type="button" class="button primary" onClick={() => void send()}>
            Publish
          </button>
        )}
      </DetailHead>
      <div class="detail compose">
        <Section title="The event">
          <p class="muted small" id="event-help">
            <code>type</code> is needed; <code>subject</code> is usually a device. The short form, or a whole CloudEvent
            with <code>specversion</code>. A dry run delivers nothing.
          </p>
          <textarea
            class="event-text mono"
            aria-label="The event as JSON"
            aria-describedby="event-help event-problem"
            aria-invalid={problem.value !== ''}
            spellcheck={false}
            value={text.value}
            onInput={(input) => {
              text.value = input.currentTarget.value
              problem.value = ''
            }}
          />
          <p class="problem" id="event-problem" role="alert">
            {problem.value}
          </p>
        </Section>
        <Section title="Who would get it">
          {verdicts.value ? (
            <RuleVerdicts verdicts={verdicts.value} />
          ) : (
            <p class="muted section-note">
              Press <kbd>Dry run</kbd>, or <kbd>Ctrl</kbd> <kbd>Enter</kbd>: every rule of every published agent says
              whether it takes the event, and if not, what stood against it.
            </p>
          )}
        </Section>
      </div>
      <footer class="page-foot">
        <CurlHint method="POST" path="/v1/events/dry-run" body={EXAMPLE} />
      </footer>
    </>
  )
}
