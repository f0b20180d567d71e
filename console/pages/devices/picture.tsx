import { useSignal } from '@preact/signals'
import { useEffect, useRef } from 'preact/hooks'
import type { Device } from '../../api/answers.ts'
import { pathOf } from '../../api/client.ts'
import { Icon } from '../../base/icon.tsx'

type Shown = 'nothing yet' | 'live' | 'no picture'

/**
 * What a device shows, looked at again and again while it is seen; a tab that is hidden and a tile that is scrolled away
 * cost nothing. The picture before stays until the next one is there.
 */
export function Picture({
  device: { id, name, connectivity },
  everyMs = 2000,
}: {
  device: Pick<Device, 'id' | 'name' | 'connectivity'>
  everyMs?: number
}) {
  const box = useRef<HTMLDivElement>(null)
  const image = useRef<HTMLImageElement>(null)
  const shown = useSignal<Shown>('nothing yet')
  const online = connectivity === 'online'
  useEffect(() => {
    const [frame, element] = [image.current, box.current]
    if (!online || !frame || !element) return undefined
    let seen = false
    let count = 0
    let timer: ReturnType<typeof setTimeout> | undefined
    const look = (): void => {
      clearTimeout(timer)
      if (!seen || document.hidden) return
      count += 1
      frame.src = `${pathOf('devices', id, 'picture')}?n=${Date.now()}-${count}`
    }
    const next = (state: Shown): void => {
      shown.value = state
      timer = setTimeout(look, everyMs)
    }
    frame.onload = () => next('live')
    // No content, or no picture: it shows nothing now, and may a little later.
    frame.onerror = () => next('no picture')
    const watch = new IntersectionObserver(([entry]) => {
      seen = entry?.isIntersecting ?? false
      look()
    })
    watch.observe(element)
    document.addEventListener('visibilitychange', look)
    return () => {
      clearTimeout(timer)
      watch.disconnect()
      document.removeEventListener('visibilitychange', look)
      frame.onload = null
      frame.onerror = null
    }
  }, [id, online, everyMs])
  const isLive = online && shown.value === 'live'
  return (
    <div class="picture" ref={box}>
      <img ref={image} alt={isLive ? `What ${name} shows now` : ''} hidden={!isLive} />
      {!isLive && (
        <p class="picture-none">
          <Icon name="devices" size={24} />
          {online
            ? shown.value === 'nothing yet'
              ? 'Looking'
              : 'No picture from its gateway'
            : `It is ${connectivity}`}
        </p>
      )}
    </div>
  )
}
