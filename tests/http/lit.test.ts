import { describe, expect, it } from 'vitest'
import { setup } from 'xstate'
import { firedEdge, pathsOf, possibleEdges } from '../../http/diagram/lit.ts'
import { describe as describeMachine } from '../../machines/describe.ts'

const machine = setup({ types: { events: {} as { type: 'GO' | 'STOP' | 'lock.lost' } } }).createMachine({
  id: 'm',
  initial: 'idle',
  states: {
    idle: { on: { GO: 'busy' } },
    busy: {
      initial: 'work',
      on: { STOP: 'idle', 'lock.*': 'idle' },
      after: { 1000: 'idle' },
      states: { work: { on: { STOP: 'wait' } }, wait: {} },
    },
  },
})
const graph = describeMachine(machine)
const edge = (source: string, event: string): string | undefined =>
  graph.edges.find((one) => one.source.endsWith(source) && one.event === event)?.id

describe('pathsOf', () => {
  it('names parents and every region', () => {
    expect(pathsOf('idle')).toEqual(['idle'])
    expect(pathsOf({ busy: 'work' })).toEqual(['busy', 'busy.work'])
    expect(pathsOf({ a: 'x', b: { c: 'y' } })).toEqual(['a', 'a.x', 'b', 'b.c', 'b.c.y'])
    expect(pathsOf(null)).toEqual([])
  })
})

describe('firedEdge', () => {
  it('finds the transition that leads where the actor went', () => {
    expect(firedEdge(graph, { event: { type: 'GO' }, from: 'idle', to: { busy: 'work' } })).toBe(edge('idle', 'GO'))
    const taken = { event: { type: 'STOP' }, from: { busy: 'work' }, to: { busy: 'wait' } }
    expect(firedEdge(graph, taken)).toBe(edge('work', 'STOP'))
    expect(firedEdge(graph, { ...taken, from: { busy: 'wait' }, to: 'idle' })).toBe(edge('busy', 'STOP'))
  })

  it('takes a wildcard where nothing names the event, and nothing where nothing fits', () => {
    const lost = { event: { type: 'lock.lost' }, from: { busy: 'work' }, to: 'idle' }
    expect(firedEdge(graph, lost)).toBe(edge('busy', 'lock.*'))
    expect(firedEdge(graph, { event: { type: 'GO' }, from: { busy: 'work' }, to: { busy: 'work' } })).toBeUndefined()
  })
})

describe('possibleEdges', () => {
  it('are those of active states whose event is accepted, and those that come by themselves', () => {
    expect(possibleEdges(graph, ['idle'], ['GO'])).toEqual([edge('idle', 'GO')])
    const busy = possibleEdges(graph, ['busy', 'busy.work'], ['STOP', 'lock.lost'])
    expect(busy).toHaveLength(4)
    expect(busy).not.toContain(edge('idle', 'GO'))
  })
})
