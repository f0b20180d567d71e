import { describe, expect, it } from 'vitest'
import { manual } from '../../sources/manual.ts'
import { request, thrownBy } from './requests.ts'

const parse = (body: unknown) => manual.parse(request(body)).events

describe('an event in our own words', () => {
  it('needs no more than a type', () => {
    expect(parse({ type: 'build.deployed' })).toEqual([{ type: 'build.deployed', source: '/manual' }])
  })

  it('may say everything an event has, and its priority in a word', () => {
    const all = {
      type: 'a.b',
      source: '/x',
      subject: 's',
      data: [1],
      id: 'i',
      severity: 'high',
      correlationid: 'c',
      causationid: 'p',
    }
    expect(parse([{ ...all, priority: 'critical', time: '2026-03-01T12:00:00Z' }])).toEqual([
      { ...all, priority: 95, time: '2026-03-01T12:00:00.000Z' },
    ])
  })

  it('is read as a CloudEvent when it says it is one', () => {
    const event = { specversion: '1.0', id: 'a', source: '/x', type: 'a.b', sequence: 1 }
    expect(parse(event)).toMatchObject([{ id: 'a', type: 'a.b' }])
  })

  it.each([
    [{ type: 'xstate.done.actor.approve' }, 'event.reserved_type', 'type'],
    [{ type: '' }, 'event.reserved_type', 'type'],
    [{ type: 'a..b' }, 'source.malformed', 'type'],
    [{ type: `a.${'b'.repeat(10_000)}` }, 'source.malformed', 'type'],
    [{ type: 7 }, 'source.malformed', 'type'],
    [{ type: 'a', priority: 101 }, 'source.malformed', 'priority'],
    [{ type: 'a', severity: 'urgent' }, 'source.malformed', 'severity'],
    [{ type: 'a', payload: 1 }, 'source.malformed', 'payload'],
    ['text', 'source.malformed', ''],
  ])('is refused as %j', (body, code, path) => {
    const error = thrownBy(() => parse(JSON.stringify(body)))
    expect(error).toMatchObject({ code, details: { path } })
  })
})
