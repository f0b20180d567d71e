import type { Actor, AgentVersion, Run, RunInFull } from '../../api/answers.ts'
import { pathOf } from '../../api/client.ts'
import { useResource } from '../../live/resource.ts'
import { JsonTree } from '../../parts/json-tree.tsx'
import { memberOf } from '../../parts/member.ts'

/** A call that a person is asked about. */
export interface AskedCall {
  step: string
  tool: string
  input: unknown
  /** What it is called with is not filled in before it is called: then this is what its definition says. */
  isTemplate: boolean
}

/** The call that a run wants to make, or of which it does not know whether it was made; undefined until that is read. */
export function useAskedCall(run: Run, asks: boolean): AskedCall | undefined {
  const { id, address, agent, version } = run
  const slash = address.indexOf('/')
  const [kind, key] = [address.slice(0, slash), address.slice(slash + 1)]
  const full = useResource<RunInFull>(asks ? null : pathOf('runs', id), [address]).data.value
  const actor = useResource<Actor>(asks ? pathOf('actors', kind, key) : null, [address]).data.value
  const written = useResource<AgentVersion>(asks ? pathOf('agents', agent, 'versions', version) : null).data.value
  return asks ? asked(actor, written) : inDoubt(full)
}

export function AskedStep({ call, asks }: { call: AskedCall; asks: boolean }) {
  const hasInput = typeof call.input === 'object' && call.input !== null && Object.keys(call.input).length > 0
  return (
    <section class="side-part" aria-label={asks ? 'What it wants to call' : 'What is in doubt'}>
      <h3>{asks ? 'It wants to call' : 'Nobody knows whether this was done'}</h3>
      <p>
        <code>{call.tool}</code> <span class="muted">in step {call.step}</span>
      </p>
      {hasInput && <JsonTree value={call.input} depth={3} />}
      {hasInput && call.isTemplate && (
        <p class="muted small">
          As its definition says; <code>{'${…}'}</code> is filled in when it is called.
        </p>
      )}
    </section>
  )
}

function inDoubt(run: RunInFull | undefined): AskedCall | undefined {
  const step = run?.steps.findLast(({ status }) => status === 'unknown' || status === 'started')
  return step && { step: step.step, tool: step.tool, input: step.input, isTemplate: false }
}

function asked(actor: Actor | undefined, version: AgentVersion | undefined): AskedCall | undefined {
  const asking = memberOf(actor?.context, 'asking')
  const [step, tool] = [memberOf(asking, 'step'), memberOf(asking, 'tool')]
  if (typeof step !== 'string' || typeof tool !== 'string') return undefined
  const playbook = memberOf(version?.definition, 'playbook')
  const steps = [memberOf(playbook, 'steps'), memberOf(playbook, 'on_failure')].flatMap((list) =>
    Array.isArray(list) ? list : [],
  )
  const input = memberOf(
    steps.find((one) => memberOf(one, 'id') === step),
    'with',
  )
  return { step, tool, input, isTemplate: true }
}
