import { useComputed, useSignal } from '@preact/signals'
import { useEffect, useMemo } from 'preact/hooks'
import type { Machine } from '../../api/answers.ts'
import { pathOf, withQuery } from '../../api/client.ts'
import type { Params } from '../../base/page.ts'
import { may } from '../../base/session.ts'
import { useResource } from '../../live/resource.ts'
import { EmptyState } from '../../parts/empty-state.tsx'
import { ActorHead } from './actor-head.tsx'
import type { Light } from './chart/lighting.ts'
import { Statechart } from './chart/statechart.tsx'
import { type ActorModel, createActorModel } from './model.ts'
import { Panel } from './panel.tsx'
import { HistoryScrubber } from './scrubber.tsx'
import { SendEvent } from './send-event.tsx'
import './actor.css'

/** One actor: its machine as it runs, its past, and what one can tell it. */
export function ActorView({ params: { kind = '', key = '' } }: { params: Params }) {
  const model = useMemo(() => createActorModel(kind, key), [kind, key])
  const sending = useSignal<string | undefined>(undefined)
  useEffect(() => model.open(), [model])
  if (model.error.value?.status === 404) {
    return (
      <EmptyState title={`There is no actor ${kind}/${key}`} icon="search">
        <p>
          It may belong to another team, or never have been started. <a href="/instances">See all instances</a>.
        </p>
      </EmptyState>
    )
  }
  return (
    <div class="actor">
      <ActorHead model={model} kind={kind} name={key} />
      <div class="actor-body">
        <section class="actor-chart" aria-label="Statechart and history">
          <Chart model={model} kind={kind} name={key} onEvent={(type) => (sending.value = type)} />
          <HistoryScrubber model={model} />
        </section>
        <Panel model={model} kind={kind} name={key} onEvent={(type) => (sending.value = type)} />
      </div>
      {sending.value !== undefined && (
        <SendEvent
          model={model}
          kind={kind}
          name={key}
          type={sending.value}
          onClose={() => (sending.value = undefined)}
        />
      )}
    </div>
  )
}

interface ChartProps {
  model: ActorModel
  kind: string
  name: string
  onEvent(type: string): void
}

function Chart({ model, kind, name, onEvent }: ChartProps) {
  const direction = useSignal<'down' | 'right'>(localStorage.getItem('troupe-direction') === 'right' ? 'right' : 'down')
  const hash = useComputed(() => model.actor.value?.machine.hash)
  const path = hash.value
    ? withQuery(pathOf('machines', kind), {
        hash: hash.value,
        ...(direction.value === 'right' ? { direction: 'right' } : {}),
      })
    : null
  const machine = useResource<Machine>(path)
  const light = useComputed<Light>(() => {
    const last = model.last.value
    const past = model.at.value !== undefined
    const why = model.why.value
    return {
      active: model.active.value,
      last,
      // What it would take is known of the revision that was read, and of no other.
      why: past || (last && why?.lastTransition && last.revision > why.lastTransition.revision) ? undefined : why,
      sends: may('operator'),
    }
  })
  const turn = (): void => {
    direction.value = direction.value === 'down' ? 'right' : 'down'
    localStorage.setItem('troupe-direction', direction.value)
  }
  if (!machine.data.value)
    return <p class="chart chart-wait">{machine.error.value?.message ?? 'Drawing the statechart…'}</p>
  const at = model.at.value
  const picture = withQuery(pathOf('actors', kind, name, 'diagram.svg'), { at })
  const text = pathOf('machines', kind)
  return (
    <Statechart
      machine={machine.data.value}
      light={light}
      onEvent={onEvent}
      direction={direction.value}
      onTurn={turn}
      exports={[
        { label: 'SVG', href: picture },
        { label: 'Mermaid', href: `${text}.mmd` },
        { label: 'SCXML', href: `${text}.scxml` },
      ]}
    />
  )
}
