import { describe, expect, it } from 'vitest'
import { createMachine, fromPromise, setup } from 'xstate'
import { renderScxml } from '../../http/diagram/scxml.ts'
import { agent } from '../../machines/agent.ts'
import { alert } from '../../machines/alert.ts'
import { describe as describeMachine } from '../../machines/describe.ts'
import { device } from '../../machines/device.ts'
import { lock } from '../../machines/lock.ts'
import { run } from '../../machines/run.ts'

const wild = setup({
  types: { events: {} as { type: string } },
  guards: { 'a < b': () => true },
  actors: { 'fetch "it"': fromPromise(async () => 1) },
  delays: { patience: () => 5 },
  actions: { 'x & y': () => undefined },
}).createMachine({
  id: '1 & only',
  type: 'parallel',
  states: {
    left: {
      description: 'says -- "no" <b>',
      initial: 'a',
      states: {
        a: {
          after: { 1500: 'b', patience: 'b' },
          on: { 'GO THERE': { guard: 'a < b', target: 'b', actions: 'x & y' } },
        },
        b: { always: { guard: () => false, target: 'a' }, on: { 'lock.*': 'a', '*': {} } },
        hist: { type: 'history', history: 'deep', target: 'b' },
      },
      on: { IN: '.b' },
      onDone: 'left',
    },
    right: {
      initial: 'c',
      states: { c: { invoke: { src: 'fetch "it"', id: 'f', onDone: 'd', onError: 'd' } }, d: { type: 'final' } },
    },
  },
})

interface Element {
  name: string
  attributes: Map<string, string>
  parent: Element | null
}

/** Reads XML as strictly as the standard where it matters here: tags nest, attributes are quoted and appear once. */
function parse(text: string): Element[] {
  const elements: Element[] = []
  const stack: Element[] = []
  const body = text.replace(/^<\?xml [^?]*\?>/, '').replaceAll(/<!--(?:(?!--).)*-->/gs, '')
  expect(body).not.toContain('<!')
  for (const [, closing, name = '', rest = '', empty] of body.matchAll(
    /<(\/?)([\w:.-]+)((?:\s+[\w:.-]+="[^"<]*")*)\s*(\/?)>/g,
  )) {
    if (closing) {
      expect(stack.pop()?.name).toBe(name)
      continue
    }
    const pairs = [...rest.matchAll(/([\w:.-]+)="([^"]*)"/g)].map(([, key = '', value = '']) => [key, value] as const)
    expect(new Set(pairs.map(([key]) => key)).size).toBe(pairs.length)
    for (const [, value] of pairs) expect(value.replaceAll(/&(?:amp|lt|gt|quot|#\d+);/g, '')).not.toContain('&')
    const element: Element = { name, attributes: new Map(pairs), parent: stack.at(-1) ?? null }
    elements.push(element)
    if (!empty) stack.push(element)
  }
  expect(stack).toEqual([])
  expect(body.replaceAll(/<[^>]*>/g, '').trim()).toBe('')
  return elements
}

describe('SCXML', () => {
  it.each(Object.entries({ agent, alert, device, lock, run, wild }))(
    'of %s nests, and names every state once and no other',
    (_name, machine) => {
      const graph = describeMachine(machine)
      const elements = parse(renderScxml(graph))
      expect(elements[0]?.name).toBe('scxml')
      const states = elements.filter(({ name }) => ['state', 'parallel', 'final', 'history'].includes(name))
      const ids = states.map(({ attributes }) => attributes.get('id') ?? '')
      expect(new Set(ids).size).toBe(ids.length)
      for (const id of ids) expect(id).toMatch(/^[A-Za-z_][\w.-]*$/)
      const targets = elements.flatMap(({ attributes }) =>
        [attributes.get('target'), attributes.get('initial')].flatMap((one) => one?.split(' ') ?? []),
      )
      for (const target of targets) expect(ids).toContain(target)
      const transitions = elements.filter(({ name, parent }) => name === 'transition' && parent?.name !== 'history')
      expect(transitions.length).toBe(graph.edges.length)
      for (const { attributes } of transitions) {
        const event = attributes.get('event')
        if (event !== undefined) expect(event).toMatch(/^(\*|[\w.-]+?(\.\*)?)$/)
      }
      // What a final state or a transition may not hold.
      for (const { name, parent } of states) expect([name, parent?.name]).not.toEqual([name, 'final'])
    },
  )

  it('says delays, ends, guards and invocations in its own words', () => {
    const text = renderScxml(describeMachine(wild))
    expect(text).toContain('delay="1500ms"')
    expect(text).toContain('delayexpr="patience"')
    expect(text).toContain('cond="a &lt; b"')
    expect(text).toContain('event="done.invoke.f"')
    expect(text).toContain('<history id="_1___only.left.hist" type="deep">')
    expect(text).toMatch(/<transition event="IN" target="[^"]*left\.b" type="internal"\/>/)
  })

  it('of a machine without states is one state', () => {
    expect(parse(renderScxml(describeMachine(createMachine({ id: 'one' })))).map(({ name }) => name)).toEqual([
      'scxml',
      'state',
    ])
  })
})
