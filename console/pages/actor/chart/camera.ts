/** What part of a drawing is seen, and how large: moved by hand, by keys, or by what happens. */
export interface Camera {
  /** All of it, or as much of it as can still be read, with the current state in the middle. */
  fit(): void
  zoom(factor: number): void
  pan(dx: number, dy: number): void
  /** Brings what is active into sight; does nothing when it is. */
  reveal(): void
  stop(): void
}

/** Smaller than this nobody reads it. */
const MIN_READABLE = 0.62
const [MIN_ZOOM, MAX_ZOOM] = [0.15, 2.5]
const MARGIN = 16
/** A pointer that moved less than this pressed, and did not drag. */
const STILL = 4

/** `scene` is a group inside `svg`, drawn as large as `size` says. */
export function createCamera(svg: SVGSVGElement, scene: SVGGElement, size: { width: number; height: number }): Camera {
  let [x, y, scale] = [0, 0, 1]
  /** Whether a person chose the view: then it is left alone. */
  let byHand = false

  const apply = (glide = false): void => {
    scene.classList.toggle('gliding', glide)
    scene.style.transform = `translate(${x}px, ${y}px) scale(${scale})`
  }
  const zoomAt = (factor: number, px: number, py: number): void => {
    const next = Math.min(MAX_ZOOM, Math.max(MIN_ZOOM, scale * factor))
    x = px - ((px - x) * next) / scale
    y = py - ((py - y) * next) / scale
    scale = next
    byHand = true
    apply()
  }

  /** The innermost current states, in the drawing's own pixels. */
  const activeBox = (): { x: number; y: number; width: number; height: number } | undefined => {
    const all = [...scene.querySelectorAll<SVGGElement>('[data-state][data-active]')]
    return all.at(-1)?.querySelector<SVGRectElement>('.box')?.getBBox()
  }
  const clampTo = (offset: number, room: number, extent: number): number =>
    extent <= room ? (room - extent) / 2 : Math.min(MARGIN, Math.max(room - extent - MARGIN, offset))

  /** Readable first; asked again, all of it, however small. */
  const fit = (glide = false, whole = false): void => {
    const { width, height } = svg.getBoundingClientRect()
    if (width === 0 || height === 0) return
    const all = Math.min((width - 2 * MARGIN) / size.width, (height - 2 * MARGIN) / size.height)
    scale = Math.min(1.1, whole ? all : Math.max(all, MIN_READABLE))
    const box = activeBox()
    const center = box
      ? { x: box.x + box.width / 2, y: box.y + box.height / 2 }
      : { x: size.width / 2, y: size.height / 2 }
    x = clampTo(width / 2 - center.x * scale, width, size.width * scale)
    y = clampTo(height / 2 - center.y * scale, height, size.height * scale)
    apply(glide)
  }

  const onWheel = (event: WheelEvent): void => {
    event.preventDefault()
    const { left, top } = svg.getBoundingClientRect()
    if (event.ctrlKey || event.metaKey) {
      zoomAt(Math.exp(-event.deltaY / 200), event.clientX - left, event.clientY - top)
    } else {
      move(-event.deltaX, -event.deltaY)
    }
  }
  const move = (dx: number, dy: number): void => {
    x += dx
    y += dy
    byHand = true
    apply()
  }
  const onDown = (down: PointerEvent): void => {
    if (down.button !== 0) return
    let [lastX, lastY, dragging] = [down.clientX, down.clientY, false]
    const onMove = (event: PointerEvent): void => {
      if (!dragging && Math.hypot(event.clientX - lastX, event.clientY - lastY) < STILL) return
      if (!dragging) svg.setPointerCapture(down.pointerId)
      dragging = true
      move(event.clientX - lastX, event.clientY - lastY)
      lastX = event.clientX
      lastY = event.clientY
    }
    const onUp = (): void => {
      svg.removeEventListener('pointermove', onMove)
      svg.removeEventListener('pointerup', onUp)
      svg.removeEventListener('pointercancel', onUp)
    }
    svg.addEventListener('pointermove', onMove)
    svg.addEventListener('pointerup', onUp)
    svg.addEventListener('pointercancel', onUp)
  }
  svg.addEventListener('wheel', onWheel, { passive: false })
  svg.addEventListener('pointerdown', onDown)
  const resized = new ResizeObserver(() => {
    if (!byHand) fit()
  })
  resized.observe(svg)

  return {
    fit() {
      const readable = !byHand && scale === MIN_READABLE
      byHand = false
      fit(true, readable)
    },
    zoom(factor) {
      const { width, height } = svg.getBoundingClientRect()
      zoomAt(factor, width / 2, height / 2)
    },
    pan: move,
    reveal() {
      const box = activeBox()
      const { width, height } = svg.getBoundingClientRect()
      if (!box || width === 0) return
      const [left, top] = [x + box.x * scale, y + box.y * scale]
      const inside = left >= 0 && top >= 0 && left + box.width * scale <= width && top + box.height * scale <= height
      if (inside) return
      x = width / 2 - (box.x + box.width / 2) * scale
      y = height / 2 - (box.y + box.height / 2) * scale
      if (!byHand) {
        x = clampTo(x, width, size.width * scale)
        y = clampTo(y, height, size.height * scale)
      }
      apply(true)
    },
    stop() {
      resized.disconnect()
      svg.removeEventListener('wheel', onWheel)
      svg.removeEventListener('pointerdown', onDown)
    },
  }
}
