import { useSignal } from '@preact/signals'
import type { Device, Page, Verdict } from '../../api/answers.ts'
import { post } from '../../api/client.ts'
import { Icon } from '../../base/icon.tsx'
import { attempt } from '../../base/toasts.tsx'
import { useResource } from '../../live/resource.ts'
import { CodeEditor } from '../../parts/code-editor.tsx'
import { CurlHint } from '../../parts/curl-hint.tsx'
import { Section } from '../../parts/facts.tsx'
import { jsonProblem } from '../../parts/json-problem.ts'
import { Verdicts } from '../../parts/verdicts.tsx'
import type { AgentTab } from './agent-tab.ts'
import { type Definition, readDefinition } from './definition.ts'

/** Would this agent hear it? The server says, with the reason of each trigger; nothing is sent. */
export function DryRunTab({ agent, versions }: AgentTab) {
  const { id, current, enabled } = agent
  const published = versions.find(({ version }) => version === current)
  const devices = useResource<Page<Device>>('/v1/devices').data.value?.items ?? []
  const sample = JSON.stringify(sampleOf(published && readDefinition(published.definition), devices), null, 2)
  const typed = useSignal<string | undefined>(undefined)
  const text = typed.value ?? sample
  const verdicts = useSignal<readonly Verdict[] | undefined>(undefined)
  const problem = jsonProblem(text)
  const ask = async (): Promise<void> => {
    if (problem) return
    await attempt(async () => {
      const { items } = await post<Page<Verdict>>('/v1/events/dry-run', { body: JSON.parse(text) as unknown })
      verdicts.value = items
    })
  }
  const mine = verdicts.value?.filter((verdict) => verdict.agent === id)
  const others = verdicts.value?.filter((verdict) => verdict.agent !== id)
  return (
    <div class="dry-run">
      <div class="dry-run-event">
        <p class="muted">
          Write an event and see what each trigger says to it. Nothing is published, and nothing runs.
          {(current === null || !enabled) && ' Only a published and enabled agent is asked: this one is not.'}
        </p>
        <CodeEditor
          label="Event as JSON"
          language="json"
          value={text}
          problems={problem ? [problem] : []}
          onChange={(value) => (typed.value = value)}
          saveWord="tries it"
          onSave={() => void ask()}
        />
        <div class="side-buttons">
          <button type="button" class="button primary" disabled={problem !== undefined} onClick={() => void ask()}>
            <Icon name="play" size={14} /> Try it
          </button>
          {text !== sample && (
            <button type="button" class="button" onClick={() => (typed.value = undefined)}>
              Begin anew
            </button>
          )}
        </div>
        {!problem && <CurlHint method="POST" path="/v1/events/dry-run" body={JSON.parse(text)} />}
      </div>
      <div class="dry-run-verdicts" aria-live="polite">
        {mine && (
          <Section title="This agent" count={mine.length}>
            {mine.length > 0 ? <Verdicts verdicts={mine} /> : <p class="muted">It has no trigger that is asked now.</p>}
          </Section>
        )}
        {others && others.length > 0 && (
          <Section title="Everybody else" count={others.length}>
            <Verdicts verdicts={others} />
          </Section>
        )}
      </div>
    </div>
  )
}

/** An event that its first trigger may well take, from a device that is there. */
function sampleOf(definition: Definition | undefined, devices: readonly Device[]): object {
  const [trigger] = definition?.triggers ?? []
  const pattern = trigger?.on.find((one) => !one.startsWith('!')) ?? 'my.event'
  const type = pattern.replaceAll('**', 'something').replaceAll('*', 'something')
  const data = Object.fromEntries(
    (trigger?.conditions ?? []).flatMap((condition) => {
      const [, key, value] = /^(\w+) is (\S+)/.exec(condition) ?? []
      return key === undefined ? [] : [[key, value]]
    }),
  )
  const device = devices.find(({ kind }) => Object.values(data).includes(kind)) ?? devices[0]
  return { type, subject: device?.id ?? 'stb-1', severity: 'critical', data }
}
