import { useSignal } from '@preact/signals'
import { useEffect, useRef } from 'preact/hooks'
import type { Device, Ticket } from '../../api/answers.ts'
import { useWindow } from '../../parts/window-rows.ts'
import { DeviceTile } from './device-tile.tsx'
import { useLab } from './simulate.tsx'
import { waitingFor } from './use-lab.ts'

const GAP = 12
const LEAST_WIDTH = 252
/** Of what stands below a tile's picture: name, state, holder, two who wait, buttons. */
const BODY_HEIGHT = 184

interface WallProps {
  devices: readonly Device[]
  queues: ReadonlyMap<string, readonly Ticket[]>
  /** Which one the keyboard stands on. */
  at: number
  onDone: () => void
}

/** Tiles in as many columns as fit, of which only those near what is seen exist: a lab may have thousands of devices. */
export function Wall({ devices, queues, at, onDone }: WallProps) {
  const lab = useLab()
  const box = useRef<HTMLDivElement>(null)
  const width = useSignal(0)
  const columns = Math.max(1, Math.floor((width.value + GAP) / (LEAST_WIDTH + GAP)))
  const tileWidth = (width.value - (columns - 1) * GAP) / columns
  const tileHeight = (tileWidth * 9) / 16 + BODY_HEIGHT
  const rowHeight = tileHeight + GAP
  const rows = Math.ceil(devices.length / columns)
  const { from, to } = useWindow(box, rows, rowHeight)
  const list = useRef<HTMLUListElement>(null)
  useEffect(() => {
    const element = list.current
    if (!element) return undefined
    const measure = new ResizeObserver(() => {
      width.value = element.clientWidth
    })
    measure.observe(element)
    return () => measure.disconnect()
  }, [width])
  useEffect(() => {
    const element = box.current
    if (!element || at < 0) return
    const top = Math.floor(at / columns) * rowHeight
    if (top < element.scrollTop) element.scrollTop = top
    const bottom = top + rowHeight + 2 * GAP
    if (bottom > element.scrollTop + element.clientHeight) element.scrollTop = bottom - element.clientHeight
  }, [at, columns, rowHeight])
  const shown = width.value === 0 ? [] : devices.slice(from * columns, to * columns)
  return (
    <div class="wall" ref={box} role="region" aria-label="Wall of devices" tabIndex={0}>
      <ul ref={list} style={{ height: `${rows * rowHeight}px` }}>
        {shown.map((device, offset) => {
          const index = from * columns + offset
          const place = {
            left: `${(index % columns) * (tileWidth + GAP)}px`,
            top: `${Math.floor(index / columns) * rowHeight}px`,
            width: `${tileWidth}px`,
            height: `${tileHeight}px`,
          }
          return (
            <DeviceTile
              key={device.id}
              device={device}
              queue={waitingFor(device, queues.get(device.pool) ?? [])}
              at={index === at}
              place={place}
              lab={lab}
              onDone={onDone}
            />
          )
        })}
      </ul>
    </div>
  )
}
