import { type ReadonlySignal, useComputed, useSignal, useSignalEffect } from '@preact/signals'
import { useEffect, useMemo, useRef } from 'preact/hooks'
import type { Machine } from '../../../api/answers.ts'
import { Icon } from '../../../base/icon.tsx'
import { useShortcuts } from '../../../base/keyboard.ts'
import { now } from '../../../live/clock.ts'
import { type Camera, createCamera } from './camera.ts'
import { Drawing } from './drawing.tsx'
import { createLamp, type Lamp, type Light } from './lighting.ts'
import './chart.css'

export interface StatechartProps {
  machine: Machine
  light: ReadonlySignal<Light>
  /** Somebody pressed an event that is possible. */
  onEvent(type: string): void
  /** What people may take along: pictures and text of the chart. */
  exports: readonly { label: string; href: string }[]
  direction: 'down' | 'right'
  onTurn(): void
}

/** The live statechart: drawn once from the server's geometry, then lit by what its actor does. */
export function Statechart({ machine, light, onEvent, exports, direction, onTurn }: StatechartProps) {
  const svg = useRef<SVGSVGElement>(null)
  const scene = useRef<SVGGElement>(null)
  const parts = useSignal<{ lamp: Lamp; camera: Camera } | undefined>(undefined)
  const { geometry, graph } = machine

  useEffect(() => {
    if (!svg.current || !scene.current) return undefined
    const camera = createCamera(svg.current, scene.current, geometry)
    parts.value = { lamp: createLamp(svg.current, graph), camera }
    return () => camera.stop()
  }, [geometry, graph])
  const fitted = useRef<Camera | undefined>(undefined)
  useSignalEffect(() => {
    const made = parts.value
    if (!made) return
    made.lamp.light(light.value)
    if (fitted.current === made.camera) return made.camera.reveal()
    fitted.current = made.camera
    made.camera.fit()
  })
  useSignalEffect(() => parts.value?.lamp.tick(light.value.why, now.value))
  // The same element each time: whatever else changes around it, nobody looks through it again.
  const drawing = useMemo(() => <Drawing geometry={geometry} />, [geometry])
  const states = useComputed(() => geometry.nodes.filter(({ shape, path }) => shape !== 'initial' && path !== ''))

  const press = (target: EventTarget | null): void => {
    const label = target instanceof Element ? target.closest('.label[role="button"]') : null
    const type = label?.getAttribute('data-event')
    if (type) onEvent(type)
  }
  const camera = (): Camera | undefined => parts.peek()?.camera
  useShortcuts([
    { keys: '+', label: 'Chart: larger', run: () => camera()?.zoom(1.25) },
    { keys: '-', label: 'Chart: smaller', run: () => camera()?.zoom(0.8) },
    { keys: '0', label: 'Chart: fit', run: () => camera()?.fit() },
  ])
  return (
    <div class="chart">
      <svg
        ref={svg}
        class="statechart"
        role="group"
        aria-label={`Statechart of ${graph.id}`}
        onClick={(event) => press(event.target)}
        onKeyDown={(event) => {
          if (event.key === 'Enter') press(event.target)
        }}
      >
        <g ref={scene}>{drawing}</g>
      </svg>
      <ol class="quiet" aria-label="States of the machine">
        {states.value.map(({ id, path }) => (
          <StateName key={id} path={path} light={light} />
        ))}
      </ol>
      <div class="chart-tools" role="toolbar" aria-label="Chart">
        <Tool icon="minus" label="Smaller (-)" onClick={() => camera()?.zoom(0.8)} />
        <Tool icon="plus" label="Larger (+)" onClick={() => camera()?.zoom(1.25)} />
        <Tool icon="fit" label="Fit (0)" onClick={() => camera()?.fit()} />
        <button
          type="button"
          class="icon-button"
          aria-label={`Direction: ${direction}`}
          title="Turn it"
          onClick={onTurn}
        >
          {direction === 'down' ? '↓' : '→'}
        </button>
        {exports.map(({ label, href }) => (
          <a key={label} class="chart-export" href={href} target="_blank" rel="noopener">
            {label}
          </a>
        ))}
      </div>
      <p class="chart-legend" aria-hidden="true">
        <span data-is="active">current</span>
        <span data-is="fired">just taken</span>
        <span data-is="possible">possible</span>
        <span data-is="refused">guard refuses</span>
      </p>
    </div>
  )
}

function StateName({ path, light }: { path: string; light: ReadonlySignal<Light> }) {
  const active = useComputed(() => light.value.active.has(path))
  return <li aria-current={active.value ? 'true' : undefined}>{active.value ? `${path}, current` : path}</li>
}

function Tool({ icon, label, onClick }: { icon: 'plus' | 'minus' | 'fit'; label: string; onClick: () => void }) {
  return (
    <button type="button" class="icon-button" aria-label={label} title={label} onClick={onClick}>
      <Icon name={icon} />
    </button>
  )
}
