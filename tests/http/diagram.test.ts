import fc from 'fast-check'
import { expect, describe as group, it } from 'vitest'
import { setup } from 'xstate'
import type { GraphEdge, GraphNode, MachineGraph } from '../../core/graph.ts'
import { againstTheFlow } from '../../http/diagram/flow.ts'
import type { Box, Geometry, NodeBox } from '../../http/diagram/geometry.ts'
import { createLayout } from '../../http/diagram/layout.ts'
import { renderMermaid } from '../../http/diagram/mermaid.ts'
import { STATECHART_CSS, STATECHART_STYLE_SOURCE } from '../../http/diagram/style.ts'
import { renderSvg } from '../../http/diagram/svg.ts'
import { ellipsise, textWidth } from '../../http/diagram/text.ts'
import { describe } from '../../machines/describe.ts'

const kit = setup({ actions: { note: () => undefined }, guards: { ready: () => true } })

const lab = describe(
  kit.createMachine({
    id: 'lab',
    initial: 'idle',
    on: { 'shutdown.*': '.off', NOTE: { actions: 'note' } },
    states: {
      idle: {
        entry: 'note',
        on: {
          GO: [{ guard: 'ready', target: 'work' }, { target: 'off' }],
          SPLIT: ['#lab.work.video.on', '#lab.work.sound.loud'],
        },
      },
      work: {
        type: 'parallel',
        on: { STOP: 'off', PAUSE: 'held', AGAIN: { target: 'work', reenter: true } },
        states: {
          video: {
            initial: 'off',
            states: { off: { on: { ON: 'on' } }, on: { on: { OFF: 'off' }, after: { 5000: 'off' } } },
          },
          sound: {
            initial: 'quiet',
            states: { quiet: { on: { UP: 'loud' } }, loud: { on: { DOWN: 'quiet' } }, last: { type: 'history' } },
          },
        },
      },
      held: { on: { RESUME: 'work.sound.last' } },
      off: { type: 'final' },
    },
  }),
)

/** Laid out once: an engine start costs half a second. */
const layout = createLayout()
const placed = await layout(lab)

/** A machine of one state with whatever text it is given, wherever text can stand. */
function speaking(text: string): MachineGraph {
  const child: GraphNode = {
    id: 'm.a',
    key: text,
    path: text,
    type: 'atomic',
    description: text,
    tags: [text],
    entry: [text],
    exit: [text],
    invoke: [{ id: text, src: text }],
    children: [],
  }
  const root: GraphNode = {
    id: 'm',
    key: 'm',
    path: '',
    type: 'compound',
    initial: 'm.a',
    tags: [],
    entry: [],
    exit: [],
    invoke: [],
    children: [child],
  }
  const edge: GraphEdge = {
    id: text,
    source: 'm.a',
    targets: ['m.a'],
    event: text,
    label: text,
    guard: text,
    actions: [text],
    kind: 'event',
  }
  return { id: text, root, edges: [edge, { ...edge, id: `${text}2`, targets: [] }] }
}

const boxOf = (geometry: Geometry, path: string): NodeBox => {
  const box = geometry.nodes.find((node) => node.path === path && node.shape !== 'initial')
  if (!box) throw new Error(`no box for ${path}`)
  return box
}
const holds = (outer: Box, inner: Box): boolean =>
  inner.x >= outer.x &&
  inner.y >= outer.y &&
  inner.x + inner.width <= outer.x + outer.width &&
  inner.y + inner.height <= outer.y + outer.height
const apart = (a: Box, b: Box): boolean =>
  a.x + a.width <= b.x || b.x + b.width <= a.x || a.y + a.height <= b.y || b.y + b.height <= a.y

group('layout', () => {
  it.each(['down', 'right'] as const)(
    'puts every state inside its parent and beside its siblings, reading %s',
    async (direction) => {
      const geometry = direction === 'down' ? placed : await layout(lab, direction)
      const visit = (node: GraphNode): void => {
        for (const [index, child] of node.children.entries()) {
          expect(holds(boxOf(geometry, node.path), boxOf(geometry, child.path)), child.path).toBe(true)
          for (const other of node.children.slice(index + 1)) {
            expect(
              apart(boxOf(geometry, child.path), boxOf(geometry, other.path)),
              `${child.path} and ${other.path}`,
            ).toBe(true)
          }
          visit(child)
        }
      }
      visit(lab.root)
      expect(boxOf(geometry, 'idle')[direction === 'down' ? 'y' : 'x']).toBeLessThan(
        boxOf(geometry, 'off')[direction === 'down' ? 'y' : 'x'],
      )
    },
  )

  it('draws every arrow along the axes, from its source to its target', () => {
    const { nodes, routes } = placed
    const touches = (id: string, point: { x: number; y: number } | undefined): boolean => {
      const box = nodes.find((node) => node.id === id)
      if (!box || !point) return false
      return (
        point.x >= box.x - 1 &&
        point.x <= box.x + box.width + 1 &&
        point.y >= box.y - 1 &&
        point.y <= box.y + box.height + 1
      )
    }
    for (const { id, source, target, points } of routes) {
      expect(points.length, id).toBeGreaterThan(1)
      expect(touches(source, points[0]) && touches(target, points.at(-1)), id).toBe(true)
      for (const [index, point] of points.slice(1).entries()) {
        expect(point.x === points[index]?.x || point.y === points[index]?.y, id).toBe(true)
      }
    }
  })

  it('gives each transition one label, none over another or over a state without children', () => {
    const { nodes, routes } = placed
    const labels = routes.flatMap((route) => route.labels)
    const moving = lab.edges.filter((edge) => edge.targets.length > 0).map((edge) => edge.id)
    expect(labels.map((label) => label.edge.id).sort()).toEqual([...moving].sort())
    const leaves = nodes.filter((node) => node.shape === 'atomic' || node.shape === 'final' || node.shape === 'history')
    for (const [index, label] of labels.entries()) {
      for (const other of [...labels.slice(index + 1), ...leaves]) expect(apart(label, other), label.edge.id).toBe(true)
    }
  })

  it('gives the same machine the same place every time', async () => {
    expect(await layout(lab)).toEqual(placed)
  })

  it('keeps regions in document order, their heads in one line', async () => {
    const ring = (...names: string[]) => ({
      initial: names[0] ?? '',
      states: Object.fromEntries(
        names.map((name, index) => [name, { on: { NEXT: names[(index + 1) % names.length] ?? '' } }]),
      ),
    })
    const states = {
      long: ring('a', 'b', 'c', 'd'),
      longer: ring('e', 'f', 'g', 'h', 'i'),
      short: ring('j', 'k'),
      one: ring('l'),
    }
    const geometry = await layout(describe(kit.createMachine({ id: 'regions', type: 'parallel', states })))
    const boxes = Object.keys(states).map((path) => boxOf(geometry, path))
    expect(boxes.toSorted((one, other) => one.x - other.x)).toEqual(boxes)
    expect(new Set(boxes.map((box) => box.y)).size).toBe(1)
  })

  it('lists transitions that stay in their state as lines of its box', () => {
    const box = boxOf(placed, '')
    expect(box.lines.map((line) => [line.kind, line.text, line.edge?.id])).toEqual([
      ['stays', 'NOTE / note', 'lab|NOTE|0'],
    ])
  })

  it('gives up on a chart that takes too long, and begins the next with another engine', async () => {
    const hasty = createLayout(1)
    const [one, other] = await Promise.allSettled([hasty(lab), hasty(lab)])
    const late = { status: 'rejected', reason: { message: 'No layout was found in 1 ms' } }
    expect([one, other]).toMatchObject([late, late])
  })

  it('leaves the event loop free while it computes', async () => {
    let turns = 0
    let placed = false
    const turn = (): void => {
      turns += 1
      if (!placed) setImmediate(turn)
    }
    turn()
    await layout(lab)
    placed = true
    // Where it computes here, there is one turn between its beginning and its end, or a few.
    expect(turns).toBeGreaterThan(100)
  })
})

group('the reading direction', () => {
  const link = fc.record({ from: fc.nat(7), to: fc.nat(7) })

  it('has no circle left once the links against it are turned, whatever the links are', () => {
    const states = Array.from({ length: 8 }, (_, index) => `m.${index}`)
    const leaf = (id: string): GraphNode => ({
      id,
      key: id,
      path: id,
      type: 'atomic',
      tags: [],
      entry: [],
      exit: [],
      invoke: [],
      children: [],
    })
    const root: GraphNode = { ...leaf('m'), type: 'compound', initial: 'm.0', children: states.map(leaf) }
    fc.assert(
      fc.property(fc.array(link, { maxLength: 24 }), (pairs) => {
        const links = pairs.map(({ from, to }, index) => ({ id: `${index}`, source: `m.${from}`, target: `m.${to}` }))
        const against = againstTheFlow(root, links)
        const left = links
          .filter(({ source, target }) => source !== target)
          .map(({ id, source, target }) => (against.has(id) ? [target, source] : [source, target]))
        // Take away what nothing leads to, again and again: in a graph without circles everything goes.
        let rest = new Set(states)
        for (let round = 0; round < states.length; round += 1) {
          rest = new Set([...rest].filter((state) => left.some(([from = '', to]) => to === state && rest.has(from))))
        }
        expect(rest.size).toBe(0)
      }),
    )
  })
})

group('renderSvg', () => {
  it('marks active states and lit transitions by attributes only', () => {
    const plain = renderSvg(placed)
    const lit = renderSvg(placed, {
      active: ['work', 'work.video', 'work.video.on'],
      fired: 'lab.work.video.off|ON|0',
      possible: ['lab.work.video.on|OFF|0'],
    })
    expect(plain).not.toMatch(/data-(active|fired|possible)="/)
    expect(
      [...lit.matchAll(/data-state="([^"]+)" data-active="true" aria-current="true"/g)].map((match) => match[1]),
    ).toEqual(['work', 'work.video', 'work.video.on'])
    expect([...lit.matchAll(/data-edge="([^"]+)"[^>]* data-fired="true"/g)].map((match) => match[1])).toEqual([
      // Its arrow and its label.
      'lab.work.video.off|ON|0',
      'lab.work.video.off|ON|0',
    ])
    expect(lit).toContain('Current state: work, work.video, work.video.on.')
    const unlit = lit
      .replaceAll(/ (data-active|data-fired|data-possible|aria-current)="true"/g, '')
      .replace(/<desc>.*<\/desc>/, '')
    expect(unlit).toBe(plain.replace(/<desc>.*<\/desc>/, ''))
  })

  it('holds every state and every transition by its id', () => {
    const svg = renderSvg(placed)
    const ids = new Set([...svg.matchAll(/data-edge="([^"]+)"/g)].map((match) => match[1]))
    expect(ids).toEqual(new Set(lab.edges.map((edge) => edge.id)))
    for (const path of ['idle', 'work.sound.last', 'off']) expect(svg).toContain(`data-state="${path}"`)
  })

  it('stands alone: a title, no script, nothing from outside, and one style that the policy names by its hash', () => {
    const svg = renderSvg(placed, { title: 'Lab & more' })
    expect(svg).toContain('<title>Lab &amp; more</title>')
    expect(svg).not.toMatch(/<script|href=|url\(|style="/)
    expect(svg.match(/<style>([\s\S]*)<\/style>/)?.[1]).toBe(STATECHART_CSS)
    expect(STATECHART_STYLE_SOURCE).toMatch(/^'sha256-[A-Za-z0-9+/]{43}='$/)
  })

  it('lets no name break out of the markup', async () => {
    const svg = renderSvg(await layout(speaking(`"><script>alert('1')</script>&\u0000\ud800`)))
    expect(svg).not.toMatch(/<script|\u0000/)
    expect(svg.isWellFormed()).toBe(true)
    // What is left of the markup once quoted values are gone is tags and text, with every ampersand an entity.
    expect(svg.replace(/<style>[\s\S]*<\/style>/, '')).not.toMatch(/&(?!(amp|lt|gt|quot|#39);)/)
  })
})

group('renderMermaid', () => {
  it('writes states, regions, history, guards and arrows from anywhere', () => {
    const text = renderMermaid(lab)
    expect(text).toMatch(/^stateDiagram-v2\n/)
    expect(text).toContain('state "anywhere in lab" as s0_any')
    expect(text).toMatch(/s1 --> s2 : GO \[ready\]/)
    expect(text).toMatch(/^ +--$/m)
    expect(text).toMatch(/state "H" as s\d/)
    expect(text).toMatch(/s\d+ --> \[\*\]/)
    expect(text.split('{').length).toBe(text.split('}').length)
  })

  it('keeps every name on one line and free of syntax', () => {
    const lines = renderMermaid(speaking('a"; }\n: {b} %% #x')).trim().split('\n')
    for (const line of lines.slice(1))
      expect(line).toMatch(/^ {2}(state "[^"]*" as s1|s1 : [^:;{}#%]*|s1 --> s1 : [^:;{}#%]*|\[\*\] --> s1)$/)
  })
})

group('text', () => {
  it('never answers more than the width asked for, and keeps what fits', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', maxLength: 60 }), fc.integer({ min: 30, max: 300 }), (text, width) => {
        const cut = ellipsise(text, 11, width)
        if (textWidth(text, 11) <= width) expect(cut).toBe(text)
        else expect(cut.endsWith('…')).toBe(true)
        expect(textWidth(cut, 11)).toBeLessThanOrEqual(Math.max(width, 22))
      }),
    )
  })
})
