import { describe, expect, it } from 'vitest'
import { alertKey } from '../../actors/agents/events/event-rows.ts'
import type { Principal } from '../../core/principal.ts'
import { openFacade, principal } from './facade.ts'

const anna = principal('anna')
const stranger = principal('zoe', 'other')

describe('alerts', () => {
  const open = openFacade()

  /** Reports it, and waits until its actor has heard. */
  async function report(fingerprint: string, status: 'firing' | 'resolved', startsAt?: string, by: Principal = anna) {
    const alert = { fingerprint, kind: 'blackscreen', status, ...(startsAt === undefined ? {} : { startsAt }) }
    const type = `alert.blackscreen.${status}`
    const [logged] = await open.events.ingest(by, [
      { source: '/lab/pi-1', type, subject: 'stb-1', severity: 'high', alert },
    ])
    await open.runtime.settled(`alert/${alertKey(by.team, fingerprint)}`)
    return logged!
  }

  it('fire, are taken on, and are over when the sender says so', async () => {
    const { id } = await report('plain', 'firing')
    expect(await open.alerts.get(anna, 'plain')).toMatchObject({
      fingerprint: 'plain',
      kind: 'blackscreen',
      subject: 'stb-1',
      severity: 'high',
      eventId: id,
      status: 'firing',
      state: 'firing',
      episode: 1,
      count: 1,
      endedAt: null,
      verdict: null,
    })
    const taken = await open.alerts.ack(anna, 'plain', 'on my way')
    expect(taken).toMatchObject({ status: 'firing', state: 'acknowledged' })
    expect(taken.verdict).toMatchObject({ says: 'acknowledged', by: { kind: 'user', id: 'anna' }, reason: 'on my way' })
    await report('plain', 'resolved')
    expect(await open.alerts.get(anna, 'plain')).toMatchObject({
      status: 'resolved',
      state: 'resolved',
      endedAt: expect.any(Date),
    })
  })

  it.each([
    ['resolve', 'resolved'],
    ['discard', 'discarded'],
  ] as const)('are over when a person says so: %s', async (action, state) => {
    await report(action, 'firing')
    const view = await open.alerts[action](anna, action, 'cable was loose')
    expect(view).toMatchObject({ status: 'resolved', state, endedAt: expect.any(Date) })
    expect(view.verdict).toMatchObject({ says: state, by: { kind: 'user', id: 'anna' }, reason: 'cable was loose' })
  })

  it('are left alone by a word that was meant for what they were before', async () => {
    await report('moved-on', 'firing')
    const { revision } = await open.runtime.snapshot(`alert/${alertKey(anna.team, 'moved-on')}`)
    await open.alerts.ack(anna, 'moved-on', 'mine', revision)
    await expect(open.alerts.discard(anna, 'moved-on', 'none', revision)).rejects.toMatchObject({
      code: 'request.precondition_failed',
    })
    expect(await open.alerts.get(anna, 'moved-on')).toMatchObject({ state: 'acknowledged' })
  })

  it('that begin anew start without what was said of the last time', async () => {
    await report('anew', 'firing', '2026-03-02T10:00:00Z')
    await open.alerts.resolve(anna, 'anew', 'mended')
    const { id } = await report('anew', 'firing', '2026-03-02T11:00:00Z')
    expect(await open.alerts.get(anna, 'anew')).toMatchObject({
      status: 'firing',
      state: 'firing',
      episode: 2,
      verdict: null,
      endedAt: null,
      eventId: id,
    })
  })

  it('stay as they were reported when their actor speaks of another episode', async () => {
    await report('ahead', 'firing', '2026-03-02T10:00:00Z')
    const other = {
      eventId: 'elsewhere',
      startsAt: '2026-03-02T12:00:00Z',
      kind: 'blackscreen',
      severity: 'high',
      subject: null,
    }
    await open.runtime.send('alert/ahead', { type: 'FIRING', ...other })
    await open.runtime.send('alert/ahead', { type: 'RESOLVED' })
    await open.runtime.settled('alert/ahead')
    expect((await open.runtime.snapshot('alert/ahead')).value).toBe('resolved')
    expect(await open.alerts.get(anna, 'ahead')).toMatchObject({ status: 'firing', state: 'firing', endedAt: null })
  })

  it('refuse what makes no sense now, and say what would', async () => {
    await report('quiet', 'firing')
    await report('quiet', 'resolved')
    await expect(open.alerts.ack(anna, 'quiet', '')).rejects.toMatchObject({
      code: 'event.refused',
      details: { state: 'resolved', allowedEvents: ['DISCARD', 'FIRING', 'RESOLVE'] },
    })
  })

  it('may have any fingerprint', async () => {
    const fingerprint = 'Überhitzung: /dev/sda → 90 °C'
    await report(fingerprint, 'firing')
    expect(await open.alerts.ack(anna, fingerprint, '')).toMatchObject({ fingerprint, state: 'acknowledged' })
  })

  it('are listed newest first, in pages, by status and subject', async () => {
    const by = principal('lister', 'listing')
    for (const [index, name] of ['c', 'a', 'b'].entries())
      await report(name, 'firing', `2026-03-02T1${index}:00:00Z`, by)
    await report('a', 'resolved', undefined, by)
    const first = await open.alerts.list(by, { limit: 2 })
    expect(first.items.map(({ fingerprint }) => fingerprint)).toEqual(['b', 'a'])
    const second = await open.alerts.list(by, { limit: 2, after: first.next! })
    expect([second.items.map(({ fingerprint }) => fingerprint), second.next]).toEqual([['c'], null])
    const firing = await open.alerts.list(by, { status: 'firing', subject: 'stb-1' })
    expect(firing.items.map(({ fingerprint }) => fingerprint)).toEqual(['b', 'c'])
    expect((await open.alerts.list(by, { subject: 'stb-2' })).items).toEqual([])
  })

  it('of another team are as if they were not there, under the same fingerprint too', async () => {
    await report('shared', 'firing')
    await expect(open.alerts.get(stranger, 'shared')).rejects.toMatchObject({ code: 'alert.not_found', status: 404 })
    await expect(open.alerts.resolve(stranger, 'shared', '')).rejects.toMatchObject({
      code: 'alert.not_found',
    })
    await report('shared', 'firing', undefined, stranger)
    await open.alerts.resolve(stranger, 'shared', 'ours is over')
    expect((await open.alerts.get(anna, 'shared')).state).toBe('firing')
  })
})
